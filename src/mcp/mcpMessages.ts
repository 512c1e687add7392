import * as v from 'valibot'
import { toErrorInfo } from '../opencode/errors.ts'
import type { McpTool } from './mcpTool.ts'

/** What goes back over HTTP: an answer, or nothing for a notification. */
export type McpAnswer =
  | { readonly jsonrpc: '2.0'; readonly id: string | number | null; readonly result: unknown }
  | {
      readonly jsonrpc: '2.0'
      readonly id: string | number | null
      readonly error: { readonly code: number; readonly message: string }
    }

/** The versions of the protocol whose messages we use; they are the same in all of them. */
const versions = ['2025-11-25', '2025-06-18', '2025-03-26']
const answerLimit = 60_000

const message = v.looseObject({
  jsonrpc: v.literal('2.0'),
  id: v.optional(v.union([v.pipe(v.string(), v.maxLength(200)), v.number()])),
  method: v.pipe(v.string(), v.maxLength(200)),
  params: v.optional(v.looseObject({})),
})
const call = v.object({
  name: v.pipe(v.string(), v.maxLength(200)),
  arguments: v.optional(v.record(v.string(), v.unknown()), {}),
})

/** Answers one message of a client; undefined for one that wants no answer. Never rejects. */
export async function answerMcp(value: unknown, tools: readonly McpTool[]): Promise<McpAnswer | undefined> {
  const parsed = v.safeParse(message, value)
  if (!parsed.success) return failure(null, -32_600, 'This is no JSON-RPC message.')
  const { id, method, params } = parsed.output
  if (id === undefined) return undefined
  switch (method) {
    case 'initialize':
      return success(id, initialized(params))
    case 'ping':
      return success(id, {})
    case 'tools/list':
      return success(id, { tools: tools.map(describe) })
    case 'tools/call': {
      const input = v.safeParse(call, params)
      if (!input.success)
        return failure(id, -32_602, 'The call names no tool, or its arguments are no object.')
      const tool = tools.find(({ name }) => name === input.output.name)
      if (!tool) return failure(id, -32_602, 'There is no such tool.')
      return success(id, await callTool(tool, input.output.arguments))
    }
    default:
      return failure(id, -32_601, 'There is no such method.')
  }
}

function initialized(params: { readonly [key: string]: unknown } | undefined): unknown {
  const asked = params?.['protocolVersion']
  return {
    protocolVersion: typeof asked === 'string' && versions.includes(asked) ? asked : versions[0],
    capabilities: { tools: {} },
    serverInfo: { name: 'vscode', title: 'VS Code', version: '1' },
  }
}

function describe({ name, description, inputSchema }: McpTool): unknown {
  return { name, description, inputSchema, annotations: { readOnlyHint: true, openWorldHint: false } }
}

async function callTool(tool: McpTool, input: { readonly [key: string]: unknown }): Promise<unknown> {
  try {
    return content(await tool.call(input), false)
  } catch (error) {
    return content(toErrorInfo(error).message, true)
  }
}

function content(text: string, isError: boolean): unknown {
  const isLong = text.length > answerLimit
  const kept = isLong ? `${text.slice(0, answerLimit)}\n[cut: ask for less]` : text
  return { content: [{ type: 'text', text: kept }], isError }
}

function success(id: string | number, result: unknown): McpAnswer {
  return { jsonrpc: '2.0', id, result }
}

function failure(id: string | number | null, code: number, words: string): McpAnswer {
  return { jsonrpc: '2.0', id, error: { code, message: words } }
}
