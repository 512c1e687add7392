/** Such as "Here is the commit message:", with an empty line behind it. */
const announcement = /^(?:here|sure|okay|certainly|commit message)\b[^\n]*:\n\s*\n/i

/** A commit message without what models put around it: fences, quotes, a line that announces it. */
export function cleanMessage(answer: string): string {
  const text = answer.replaceAll('\r\n', '\n').trim()
  const fenced = /```[^\n]*\n([\s\S]*?)\n?```/.exec(text)?.[1]
  const message = (fenced ?? text.replace(announcement, '')).trim()
  const quoted = /^(["'`])([^\n]*)\1$/.exec(message)?.[2]
  return (quoted ?? message)
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
}
