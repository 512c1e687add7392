import { open } from 'node:fs/promises'
import { fullOutput, toolKind } from './tools.ts'
import { fields, list, text, word } from '../reading.ts'

const fileLimit = 20 * 1024 * 1024

/**
 * The whole output of a tool call out of its message. The server cuts long output and keeps the rest in a file
 * of its own, which can be read here only when the server runs on this machine.
 */
export async function readWholeOutput(
  message: unknown,
  callID: string,
  isLocal: boolean,
): Promise<string | undefined> {
  const part = list(fields(message)['parts'])
    .map(fields)
    .find((item) => item['type'] === 'tool' && item['callID'] === callID)
  if (!part) return undefined
  const state = fields(part['state'])
  const path = word(fields(state['metadata'])['outputPath'])
  const saved = isLocal && path !== undefined ? await readSavedOutput(path) : undefined
  return saved ?? fullOutput(toolKind(text(part['tool']) ?? ''), state)
}

/** Reads only from the folder that the server keeps for this; a foreign server must not point us elsewhere. */
async function readSavedOutput(path: string): Promise<string | undefined> {
  if (!/[\\/]opencode[\\/]tool-output[\\/]tool_[\w-]+$/.test(path) || /(^|[\\/])\.\.([\\/]|$)/.test(path))
    return undefined
  try {
    const file = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await file.read(
        Buffer.alloc(Math.min((await file.stat()).size, fileLimit)),
      )
      return buffer.subarray(0, bytesRead).toString('utf8')
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}
