export interface DiagramColours {
  readonly [name: string]: string | boolean | DiagramColours
}

type ColourOf = (fallback: string, ...names: readonly string[]) => string

/** The colours and fonts of the present theme, in mermaid's words. */
export function diagramColours(): DiagramColours & {
  readonly fontFamily: string
  readonly lineColor: string
} {
  const styles = getComputedStyle(document.body)
  const isDark = !document.body.classList.contains('vscode-light')
  const colour: ColourOf = (fallback, ...names) =>
    names.map((name) => styles.getPropertyValue(`--vscode-${name}`).trim()).find((value) => value !== '') ??
    fallback
  const text = colour(isDark ? '#cccccc' : '#333333', 'foreground')
  const ground = colour(isDark ? '#1f1f1f' : '#ffffff', 'editor-background')
  const box = colour(ground, 'editorWidget-background')
  const line = colour(text, 'contrastBorder', 'descriptionForeground')
  const quiet = colour(box, 'textCodeBlock-background')
  return {
    darkMode: isDark,
    background: opaque(ground, isDark),
    fontFamily: styles.fontFamily,
    fontSize: '13px',
    primaryColor: opaque(box, isDark),
    primaryTextColor: text,
    primaryBorderColor: line,
    secondaryColor: opaque(quiet, isDark),
    tertiaryColor: opaque(ground, isDark),
    mainBkg: opaque(box, isDark),
    nodeBorder: line,
    clusterBkg: opaque(ground, isDark),
    clusterBorder: line,
    lineColor: line,
    textColor: text,
    titleColor: text,
    nodeTextColor: text,
    edgeLabelBackground: opaque(ground, isDark),
    noteBkgColor: opaque(quiet, isDark),
    noteTextColor: text,
    noteBorderColor: line,
    actorBkg: opaque(box, isDark),
    actorBorder: line,
    actorTextColor: text,
    actorLineColor: line,
    signalColor: text,
    signalTextColor: text,
    labelBoxBkgColor: opaque(box, isDark),
    labelBoxBorderColor: line,
    labelTextColor: text,
    loopTextColor: text,
    attributeBackgroundColorOdd: opaque(box, isDark),
    attributeBackgroundColorEven: opaque(ground, isDark),
    ...series(text, colour),
  }
}

/** The theme's own colours for charts; slices, branches and sections take them in turn. */
const chartColours = [
  ['blue', '#3794ff'],
  ['green', '#89d185'],
  ['orange', '#d18616'],
  ['purple', '#b180d7'],
  ['red', '#f14c4c'],
  ['yellow', '#cca700'],
] as const

function series(text: string, colour: ColourOf): DiagramColours {
  const own = chartColours.map(([name, fallback]) => colour(fallback, `charts-${name}`))
  const result: Record<string, string> = {}
  for (let index = 0; index < 12; index++) {
    const value = own[index % own.length] ?? text
    result[`pie${index + 1}`] = value
    result[`cScale${index}`] = value
    result[`cScaleLabel${index}`] = onColour(value)
    if (index >= 8) continue
    result[`git${index}`] = value
    result[`gitBranchLabel${index}`] = onColour(value)
    result[`fillType${index}`] = value
  }
  return {
    ...result,
    pieTitleTextColor: text,
    pieLegendTextColor: text,
    pieSectionTextColor: onColour(own[0] ?? text),
    xyChart: { ...chartAxes(text), plotColorPalette: own.join(',') },
  }
}

function chartAxes(text: string): DiagramColours {
  const parts = ['Label', 'Title', 'Tick', 'Line'].flatMap((part) => [
    `xAxis${part}Color`,
    `yAxis${part}Color`,
  ])
  const axes = Object.fromEntries(parts.map((part) => [part, text]))
  return { ...axes, titleColor: text, dataLabelColor: text, backgroundColor: 'transparent' }
}

/** Mermaid computes with colours, and pictures lie over others: what shines through is mixed with black or white. */
function opaque(value: string, isDark: boolean): string {
  const parts = readColour(value)
  if (!parts) return isDark ? '#1f1f1f' : '#ffffff'
  const [red, green, blue, alpha] = parts
  const mixed = [red, green, blue].map((part) => Math.round(part * alpha + (isDark ? 0 : 255) * (1 - alpha)))
  return `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

/** Black or white, whichever reads better on it. */
function onColour(value: string): string {
  const [red, green, blue] = readColour(value) ?? [128, 128, 128, 1]
  return red * 0.299 + green * 0.587 + blue * 0.114 > 140 ? '#000000' : '#ffffff'
}

/** Red, green, blue from 0 to 255, and opacity from 0 to 1. */
function readColour(value: string): readonly [number, number, number, number] | undefined {
  const context = new OffscreenCanvas(1, 1).getContext('2d')
  if (!context || !CSS.supports('color', value)) return undefined
  context.fillStyle = value
  context.fillRect(0, 0, 1, 1)
  const [red = 0, green = 0, blue = 0, alpha = 255] = context.getImageData(0, 0, 1, 1).data
  return [red, green, blue, alpha / 255]
}
