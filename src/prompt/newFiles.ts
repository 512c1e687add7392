import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const readLimit = 40
const namedLimit = 300
const bytesLimit = 100_000

/**
 * What a diff would say of files that Git does not know, if they were added. Large, binary and linked ones, and those
 * after the first forty, are named alone.
 *
 * @param paths relative to the directory, with forward slashes
 * @param prefix what leads to them; the whole path of a folder that is named by it
 */
export async function newFilesDiff(
  directory: string,
  paths: readonly string[],
  prefix = '',
): Promise<readonly string[]> {
  const read = await Promise.all(
    paths.slice(0, readLimit).map(async (path) => {
      const text = await textOf(join(directory, path)).catch(() => undefined)
      return text === undefined ? named(path, prefix) : asDiff(path, prefix, text)
    }),
  )
  const rest = paths.slice(readLimit, namedLimit).map((path) => named(path, prefix))
  const left = paths.length - namedLimit
  return [...read, ...rest, ...(left > 0 ? [`[… ${left} more untracked files]`] : [])]
}

function named(path: string, prefix: string): string {
  return `Untracked: ${prefix}${path}`
}

function asDiff(path: string, prefix: string, text: string): string {
  const lines = text.split('\n')
  const isEnded = lines.at(-1) === ''
  const own = isEnded ? lines.slice(0, -1) : lines
  const isWhole = /^(?:\/|[A-Za-z]:)/.test(prefix)
  const [before, after] = [isWhole ? prefix : `a/${prefix}`, isWhole ? prefix : `b/${prefix}`]
  const head = [`diff --git ${before}${path} ${after}${path}`, 'new file mode 100644']
  if (own.length === 0) return head.join('\n')
  return [
    ...head,
    '--- /dev/null',
    `+++ ${after}${path}`,
    `@@ -0,0 +1,${own.length} @@`,
    ...own.map((line) => `+${line}`),
    ...(isEnded ? [] : ['\\ No newline at end of file']),
  ].join('\n')
}

async function textOf(path: string): Promise<string | undefined> {
  const stat = await lstat(path)
  if (!stat.isFile() || stat.size > bytesLimit) return undefined
  const bytes = await readFile(path)
  return bytes.includes(0) ? undefined : bytes.toString()
}
