/**
 * The directive language of the scripted model. A prompt such as
 * `[[reason:Let me see]][[tool:bash {"command":"echo hi"}]][[text:Done]]` says what the model does, so
 * tests share no state with the server that plays it.
 */
export type Action =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reason'; readonly text: string }
  | { readonly type: 'lorem'; readonly tokens: number }
  | { readonly type: 'stamps'; readonly count: number }
  | { readonly type: 'delay'; readonly ms: number }
  /** The input of the tools of this step comes in pieces, so many milliseconds apart. */
  | { readonly type: 'typing'; readonly ms: number }
  | { readonly type: 'chunk'; readonly characters: number }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'usage'; readonly input: number; readonly output: number; readonly reasoning: number }
  | { readonly type: 'error'; readonly status: number; readonly options: Options }
  | { readonly type: 'drop'; readonly options: Options }
  | { readonly type: 'hang' }
  | { readonly type: 'finish'; readonly reason: string }

export interface ToolCall {
  readonly name: string
  /** As written, so that broken JSON can be sent on purpose. */
  readonly input: string
}

/** One model call: what it does, and the tools it asks for at its end. */
export interface Step {
  readonly actions: readonly Action[]
  readonly tools: readonly ToolCall[]
}

export type Options = Readonly<Record<string, string>>

type Directive = Action | { readonly type: 'tool'; readonly call: ToolCall } | { readonly type: 'and' }

/** The steps that a text asks for, or `undefined` when it holds no directive. */
export function parseScript(text: string): readonly Step[] | undefined {
  const directives = readDirectives(text)
  return directives.length === 0 ? undefined : toSteps(directives)
}

/**
 * The step that comes after so many tool results, with the settings (delay, chunk, usage) that earlier
 * steps left behind. `undefined` when the script is over.
 */
export function stepAfter(steps: readonly Step[], toolResults: number): Step | undefined {
  let seen = 0
  const settings: Action[] = []
  for (const step of steps) {
    if (seen >= toolResults) return { actions: [...settings, ...step.actions], tools: step.tools }
    settings.push(...step.actions.filter(isSetting))
    seen += step.tools.length
  }
  return undefined
}

/** The text without its directives. */
export function withoutDirectives(text: string): string {
  let rest = ''
  let position = 0
  for (const { start, end } of spans(text)) {
    rest += text.slice(position, start)
    position = end
  }
  return (rest + text.slice(position)).trim()
}

function isSetting(action: Action): boolean {
  return action.type === 'delay' || action.type === 'chunk' || action.type === 'usage'
}

function toSteps(directives: readonly Directive[]): Step[] {
  const steps: Step[] = []
  let actions: Action[] = []
  let tools: ToolCall[] = []
  let joined = false
  const close = () => {
    steps.push({ actions, tools })
    actions = []
    tools = []
  }
  for (const directive of directives) {
    if (directive.type === 'and') {
      joined = true
      continue
    }
    if (tools.length > 0 && !(joined && directive.type === 'tool')) close()
    joined = false
    if (directive.type === 'tool') tools.push(directive.call)
    else actions.push(directive)
  }
  close()
  return steps
}

function readDirectives(text: string): Directive[] {
  const found: Directive[] = []
  for (const { start, end } of spans(text)) {
    const directive = toDirective(text.slice(start + 2, end - 2))
    if (directive) found.push(directive)
  }
  return found
}

interface Span {
  readonly start: number
  readonly end: number
}

const opening =
  /\[\[(?:text|reason|lorem|stamps|delay|typing|chunk|wait|usage|error|drop|hang|finish|tool|and)(?=[:\]])/g

function* spans(text: string): Generator<Span> {
  opening.lastIndex = 0
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    const end = endOfDirective(text, match.index)
    if (end === undefined) continue
    yield { start: match.index, end }
    opening.lastIndex = end
  }
}

/** Tool input may hold `]]` itself, so JSON is skipped as a whole. */
function endOfDirective(text: string, start: number): number | undefined {
  const tool = /\[\[tool:[^\s{\]]+\s*/y
  tool.lastIndex = start
  const head = tool.exec(text)
  const from = head ? (endOfJson(text, tool.lastIndex) ?? tool.lastIndex) : start
  const close = text.indexOf(']]', from)
  return close === -1 ? undefined : close + 2
}

function endOfJson(text: string, start: number): number | undefined {
  if (text[start] !== '{') return undefined
  let depth = 0
  let quoted = false
  for (let i = start; i < text.length; i += 1) {
    const character = text[i]
    if (character === '\\' && quoted) i += 1
    else if (character === '"') quoted = !quoted
    else if (!quoted && character === '{') depth += 1
    else if (!quoted && character === '}') depth -= 1
    if (depth === 0) return i + 1
  }
  return undefined
}

const makers: Readonly<Record<string, (argument: string) => Directive>> = {
  text: (argument) => ({ type: 'text', text: unescape(argument) }),
  reason: (argument) => ({ type: 'reason', text: unescape(argument) }),
  lorem: (argument) => ({ type: 'lorem', tokens: Number(argument) }),
  stamps: (argument) => ({ type: 'stamps', count: Number(argument) }),
  delay: (argument) => ({ type: 'delay', ms: Number(argument) }),
  typing: (argument) => ({ type: 'typing', ms: Number(argument) }),
  chunk: (argument) => ({ type: 'chunk', characters: Math.max(1, Number(argument)) }),
  wait: (argument) => ({ type: 'wait', ms: Number(argument) }),
  usage: toUsage,
  error: toError,
  drop: (argument) => ({ type: 'drop', options: toOptions(argument) }),
  hang: () => ({ type: 'hang' }),
  finish: (argument) => ({ type: 'finish', reason: argument.trim() }),
  tool: toTool,
  and: () => ({ type: 'and' }),
}

function toDirective(body: string): Directive | undefined {
  const colon = body.indexOf(':')
  const name = colon === -1 ? body : body.slice(0, colon)
  return makers[name]?.(colon === -1 ? '' : body.slice(colon + 1))
}

function toUsage(argument: string): Directive {
  const [input = 0, output = 0, reasoning = 0] = argument.split(',').map(Number)
  return { type: 'usage', input, output, reasoning }
}

function toError(argument: string): Directive {
  const [status = '500', ...rest] = argument.trim().split(' ')
  return { type: 'error', status: Number(status), options: toOptions(rest.join(' ')) }
}

function toTool(argument: string): Directive {
  const [, name = 'unknown', input = ''] = /^(\S+)\s*([\s\S]*)$/.exec(argument.trim()) ?? []
  return { type: 'tool', call: { name, input: input === '' ? '{}' : input } }
}

function toOptions(text: string): Options {
  const pairs = text.split(/\s+/).filter((pair) => pair.includes('='))
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
}

/** A single-line prompt can ask for line breaks with `\n`. */
function unescape(text: string): string {
  return text.replaceAll('\\n', '\n')
}
