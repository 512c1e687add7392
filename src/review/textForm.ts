/** How a text stands in a file. `latin1` is any encoding of one byte per character that is not UTF-8. */
export type TextForm = 'utf8' | 'utf8bom' | 'utf16le' | 'utf16be' | 'utf16lebom' | 'utf16bebom' | 'latin1'

export interface DecodedText {
  readonly text: string
  readonly form: TextForm
}

const byteOrderMarks: readonly (readonly [TextForm, readonly number[]])[] = [
  ['utf8bom', [0xef, 0xbb, 0xbf]],
  ['utf16lebom', [0xff, 0xfe]],
  ['utf16bebom', [0xfe, 0xff]],
]

/** The text of a file; undefined for what is no text, or would not be written back byte for byte. */
export function decodeText(bytes: Uint8Array): DecodedText | undefined {
  const form = formOf(bytes)
  const text = form && read(bytes, form)
  if (form === undefined || text === undefined) return undefined
  return Buffer.compare(encodeText(text, form), bytes) === 0 ? { text, form } : undefined
}

export function encodeText(text: string, form: TextForm): Buffer {
  const mark = Buffer.from(markOf(form))
  switch (form) {
    case 'utf8':
    case 'utf8bom':
      return Buffer.concat([mark, Buffer.from(text, 'utf8')])
    case 'latin1':
      return Buffer.from(text, 'latin1')
    case 'utf16le':
    case 'utf16lebom':
      return Buffer.concat([mark, Buffer.from(text, 'utf16le')])
    case 'utf16be':
    case 'utf16bebom':
      return Buffer.concat([mark, Buffer.from(text, 'utf16le').swap16()])
  }
}

function formOf(bytes: Uint8Array): TextForm | undefined {
  const marked = byteOrderMarks.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte))
  if (marked) return marked[0]
  if (bytes.includes(0)) return unmarkedUtf16(bytes)
  return isUtf8(bytes) ? 'utf8' : 'latin1'
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Western text in UTF-16 has its zeros all on one side of the pairs. */
function unmarkedUtf16(bytes: Uint8Array): TextForm | undefined {
  if (bytes.length % 2 !== 0) return undefined
  const head = bytes.subarray(0, 4096)
  let [even, odd] = [0, 0]
  head.forEach((byte, index) => {
    if (byte !== 0) return
    if (index % 2 === 0) even++
    else odd++
  })
  const most = head.length / 2
  if (even === 0 && odd > most * 0.7) return 'utf16le'
  return odd === 0 && even > most * 0.7 ? 'utf16be' : undefined
}

function read(bytes: Uint8Array, form: TextForm): string | undefined {
  const body = Buffer.from(bytes.subarray(markOf(form).length))
  switch (form) {
    case 'utf8':
    case 'utf8bom':
      return body.toString('utf8')
    case 'latin1':
      return body.toString('latin1')
    case 'utf16le':
    case 'utf16lebom':
      return body.toString('utf16le')
    case 'utf16be':
    case 'utf16bebom':
      return body.length % 2 === 0 ? body.swap16().toString('utf16le') : undefined
  }
}

function markOf(form: TextForm): readonly number[] {
  return byteOrderMarks.find(([name]) => name === form)?.[1] ?? []
}
