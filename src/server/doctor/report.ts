import type { DoctorFinding, DoctorState, DoctorStep } from '../../opencode/doctor.ts'
import { doctorTitles } from '../../opencode/doctor.ts'

const reportLogLines = 50

/** The whole examination as markdown to paste into a bug report. What goes in must be without secrets. */
export function formatReport({ server, steps, prompt, facts, log }: DoctorState): string {
  const lines = [
    `# OpenCode Doctor: ${server}`,
    '',
    ...steps.map(stepLine),
    ...(prompt?.finding ? [`- **Prompt**: ${prompt.finding.verdict}. ${words(prompt.finding)}`] : []),
    ...facts.flatMap(({ title, rows }) => [
      '',
      `## ${title}`,
      '',
      ...rows.map(([name, value]) => `- ${name}: ${value}`),
    ]),
    '',
    '## Log',
    '',
    '```text',
    ...log.slice(-reportLogLines),
    '```',
  ]
  return `${lines.join('\n')}\n`
}

function stepLine({ id, state, ms, finding }: DoctorStep): string {
  const time = ms === undefined ? '' : ` (${ms} ms)`
  return `- **${doctorTitles[id]}**: ${state}${time}.${finding ? ` ${words(finding)}` : ''}`
}

function words({ text, detail }: DoctorFinding): string {
  return detail === undefined ? text : `${text}\n\n${indent(detail)}\n`
}

function indent(text: string): string {
  return text.replace(/^/gm, '      ')
}
