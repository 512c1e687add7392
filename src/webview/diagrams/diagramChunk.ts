import DOMPurify from 'dompurify'
import mermaid from 'mermaid'
import { diagramColours } from './diagramColours.ts'
import type { Drawn } from './withinPolicy.ts'
import { withinPolicy } from './withinPolicy.ts'

/** A drawn diagram: a picture that stands for itself, in which nothing can run and which loads nothing. */
export interface Drawing {
  readonly svg: string
  /** Width and height in CSS pixels. */
  readonly width: number
  readonly height: number
  /** What it is and, if its author said so, what it shows. */
  readonly label: string
}

export type DiagramRenderer = (source: string) => Promise<Drawing>

const largestSource = 20_000
let count = 0
let queue: Promise<unknown> = Promise.resolve()

/** Draws in the colours of the present theme, one after the other. @throws Error when the source is no diagram. */
export const renderDiagram: DiagramRenderer = (source) => {
  const turn = queue.then(() => draw(source))
  queue = turn.catch(() => undefined)
  return turn
}

async function draw(source: string): Promise<Drawing> {
  if (source.length > largestSource) throw new Error(`It has more than ${largestSource} characters.`)
  mermaid.initialize(configuration())
  const lab = document.createElement('div')
  lab.className = 'diagram-lab'
  lab.ariaHidden = 'true'
  document.body.append(lab)
  try {
    let kind = ''
    const drawn = await withinPolicy(lab, async () => {
      kind = (await mermaid.render(`diagram-${++count}`, source, lab)).diagramType
    })
    return finish(drawn, kind)
  } finally {
    lab.remove()
  }
}

/** The author of a diagram decides what it shows; its look and what it may do are ours. */
function configuration(): Parameters<typeof mermaid.initialize>[0] {
  const themeVariables = diagramColours()
  return {
    startOnLoad: false,
    securityLevel: 'strict',
    suppressErrorRendering: true,
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    layout: 'dagre',
    theme: 'base',
    themeVariables,
    fontFamily: themeVariables.fontFamily,
    logLevel: 'fatal',
    secure: [
      'secure',
      'securityLevel',
      'startOnLoad',
      'maxTextSize',
      'suppressErrorRendering',
      'maxEdges',
      'htmlLabels',
      'layout',
      'theme',
      'themeVariables',
      'themeCSS',
      'fontFamily',
      'darkMode',
    ],
  }
}

/** A picture must be XML with a size of its own. What mermaid cleans as text is cleaned here as it stands. */
function finish({ svg, css }: Drawn, kind: string): Drawing {
  DOMPurify.sanitize(svg, {
    USE_PROFILES: { svg: true, svgFilters: true },
    ADD_TAGS: ['foreignObject', 'div', 'span', 'p', 'br'],
    HTML_INTEGRATION_POINTS: { foreignobject: true },
    FORBID_TAGS: ['a', 'image'],
    KEEP_CONTENT: true,
    IN_PLACE: true,
  })
  const { width, height } = svg.viewBox.baseVal
  svg.setAttribute('width', String(Math.ceil(width)))
  svg.setAttribute('height', String(Math.ceil(height)))
  const style = document.createElementNS('http://www.w3.org/2000/svg', 'style')
  style.textContent = `${css}\n${inkOf(diagramColours())}`
  svg.prepend(style)
  const said = ['title', 'desc'].flatMap((name) => svg.querySelector(`:scope > ${name}`)?.textContent ?? [])
  return {
    svg: new XMLSerializer().serializeToString(svg),
    width: Math.ceil(width),
    height: Math.ceil(height),
    label: [`Diagram (${kindWords[kind] ?? kind})`, ...said].join(': '),
  }
}

/** A few kinds draw lines in black, whatever the theme. */
function inkOf({ lineColor }: ReturnType<typeof diagramColours>): string {
  return `[stroke='black'], .lineWrapper line { stroke: ${lineColor}; }`
}

const kindWords: Readonly<Record<string, string>> = {
  'flowchart-v2': 'flowchart',
  flowchart: 'flowchart',
  sequence: 'sequence',
  class: 'classes',
  classDiagram: 'classes',
  stateDiagram: 'states',
  state: 'states',
  er: 'entities',
  gitGraph: 'Git history',
}
