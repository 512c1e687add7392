/** A run of terminal text in one look. Colours are the sixteen of the theme's terminal. */
export interface AnsiRun {
  readonly text: string
  readonly classes: string
}

interface Look {
  foreground: number | undefined
  background: number | undefined
  bold: boolean
  dim: boolean
  italic: boolean
  underline: boolean
  inverse: boolean
}

// Control sequences: CSI with parameters, OSC up to its end, and other two-byte escapes.
const escapePattern =
  /\x1b(?:\[([\d;:]*)([ -/]*[@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\|$)|[PX^_][^\x1b]*(?:\x1b\\|$)|[@-_]?)/g
const controlPattern = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g

/** Reads the colours of terminal output; cursor movement and the rest are dropped. */
export function parseAnsi(text: string): readonly AnsiRun[] {
  const runs: AnsiRun[] = []
  const look = plainLook()
  let end = 0
  const clean = applyReturns(text)
  for (const match of clean.matchAll(escapePattern)) {
    pushRun(runs, clean.slice(end, match.index), look)
    end = match.index + match[0].length
    if (match[2] === 'm') applyCodes(look, match[1] ?? '')
  }
  pushRun(runs, clean.slice(end), look)
  return runs
}

export function stripAnsi(text: string): string {
  return parseAnsi(text)
    .map((run) => run.text)
    .join('')
}

/** Progress bars write a line again after `\r`: the last writing stays. */
function applyReturns(text: string): string {
  if (!text.includes('\r')) return text
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').split('\r').at(-1) ?? '')
    .join('\n')
}

function pushRun(runs: AnsiRun[], raw: string, look: Look): void {
  const text = raw.replace(controlPattern, '')
  if (text === '') return
  const classes = classesOf(look)
  const last = runs.at(-1)
  if (last?.classes === classes) runs[runs.length - 1] = { text: last.text + text, classes }
  else runs.push({ text, classes })
}

function plainLook(): Look {
  return {
    foreground: undefined,
    background: undefined,
    bold: false,
    dim: false,
    italic: false,
    underline: false,
    inverse: false,
  }
}

function classesOf(look: Look): string {
  const { foreground, background, inverse } = look
  const names = [
    ...(foreground === undefined ? [] : [`ansi-${inverse ? 'bg' : 'fg'}-${foreground}`]),
    ...(background === undefined ? [] : [`ansi-${inverse ? 'fg' : 'bg'}-${background}`]),
    ...(inverse && foreground === undefined && background === undefined ? ['ansi-inverse'] : []),
    ...(look.bold ? ['ansi-bold'] : []),
    ...(look.dim ? ['ansi-dim'] : []),
    ...(look.italic ? ['ansi-italic'] : []),
    ...(look.underline ? ['ansi-underline'] : []),
  ]
  return names.join(' ')
}

function applyCodes(look: Look, parameters: string): void {
  const codes = parameters.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)))
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0
    if (code === 38 || code === 48) {
      const { color, used } = extendedColor(codes.slice(index + 1))
      if (code === 38) look.foreground = color
      else look.background = color
      index += used
    } else applyCode(look, code)
  }
}

const switches: Readonly<Record<number, Partial<Look>>> = {
  0: plainLook(),
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  39: { foreground: undefined },
  49: { background: undefined },
}

function applyCode(look: Look, code: number): void {
  const change = switches[code]
  if (change) Object.assign(look, change)
  else if (code >= 30 && code <= 37) look.foreground = code - 30
  else if (code >= 90 && code <= 97) look.foreground = code - 90 + 8
  else if (code >= 40 && code <= 47) look.background = code - 40
  else if (code >= 100 && code <= 107) look.background = code - 100 + 8
}

/** 256 colours and true colour, brought down to the nearest of the theme's sixteen. */
function extendedColor(rest: readonly number[]): {
  readonly color: number | undefined
  readonly used: number
} {
  const [mode, a = 0, b = 0, c = 0] = rest
  if (mode === 5) return { color: a < 16 ? a : nearest(...cubeColor(a)), used: 2 }
  if (mode === 2) return { color: nearest(a, b, c), used: 4 }
  return { color: undefined, used: rest.length }
}

function cubeColor(code: number): [number, number, number] {
  if (code >= 232) {
    const grey = (code - 232) * 10 + 8
    return [grey, grey, grey]
  }
  const value = code - 16
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40)
  return [level(Math.floor(value / 36)), level(Math.floor(value / 6) % 6), level(value % 6)]
}

function nearest(red: number, green: number, blue: number): number {
  const largest = Math.max(red, green, blue)
  if (largest < 60) return 0
  if (largest - Math.min(red, green, blue) < 40) return largest > 200 ? 15 : largest > 130 ? 7 : 8
  const bit = (value: number): number => (value > largest / 2 ? 1 : 0)
  return bit(red) + bit(green) * 2 + bit(blue) * 4 + (largest > 200 ? 8 : 0)
}
