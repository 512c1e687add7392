/** About so many tokens (four characters each) of varied markdown; the same text for the same number. */
export function loremMarkdown(tokens: number): string {
  const wanted = tokens * 4
  let text = ''
  for (let index = 0; text.length < wanted; index += 1) text += block(index)
  return text.slice(0, wanted)
}

const words = (
  'session server stream token message editor change buffer window branch commit review build release folder ' +
  'module parser render layout signal event queue worker cursor symbol range value result answer prompt model ' +
  'quiet steady early common simple useful narrow recent shared local remote open closed'
).split(' ')

function block(index: number): string {
  const makers = [heading, paragraph, list, paragraph, code, paragraph, table, quote]
  return (makers[index % makers.length] ?? paragraph)(index)
}

function sentence(seed: number, length: number): string {
  const picked = Array.from(
    { length },
    (_, at) => words[(seed * 31 + at * 17 + ((seed * at) % 7)) % words.length] ?? 'word',
  )
  const text = picked.join(' ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function heading(index: number): string {
  return `## ${sentence(index, 4).slice(0, -1)}\n\n`
}

function paragraph(index: number): string {
  const strong = words[(index * 5) % words.length] ?? 'word'
  return `${sentence(index, 12)} The **${strong}** uses \`${strong}()\`. ${sentence(index + 1, 15)}\n\n`
}

function list(index: number): string {
  return `${[0, 1, 2, 3].map((at) => `- ${sentence(index + at, 7)}`).join('\n')}\n\n`
}

function code(index: number): string {
  const name = words[(index * 3) % words.length] ?? 'value'
  const lines = [
    `export function ${name}${String(index)}(input: string): number {`,
    `  const parts = input.split(',').map((part) => part.trim())`,
    `  // ${sentence(index, 6)}`,
    `  return parts.length * ${String(index + 1)}`,
    '}',
  ]
  return `\`\`\`ts\n${lines.join('\n')}\n\`\`\`\n\n`
}

function table(index: number): string {
  const rows = [0, 1, 2].map(
    (at) =>
      `| ${words[(index + at) % words.length] ?? ''} | ${String(index * 7 + at)} | ${sentence(at, 3)} |`,
  )
  return `| Name | Count | Note |\n| --- | ---: | --- |\n${rows.join('\n')}\n\n`
}

function quote(index: number): string {
  return `> ${sentence(index, 10)}\n\n`
}
