import type * as api from '../../api/index.d.ts'

/** The callbacks of another extension: whatever they throw stays here. */
export interface Report {
  status(status: api.ExecutionStatus): void
  text(text: api.ExecutionText): void
  tool(tool: api.ExecutionTool): void
  /** What the caller answered; undefined when it has no answer or failed to give one. */
  permission(request: api.ExecutionPermission): Promise<unknown>
  completion(result: api.ExecutionResult): void
  error(error: api.ApiError): void
}

type Callbacks = Partial<Record<keyof api.ExecutionCallbacks, (value: unknown) => unknown>>

export function callbackReport(callbacks: api.ExecutionCallbacks, warn: (message: string) => void): Report {
  const call = async (name: keyof api.ExecutionCallbacks, value: unknown): Promise<unknown> => {
    try {
      return await (callbacks as Callbacks)[name]?.(value)
    } catch (error) {
      warn(`${name} failed: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }
  return {
    status: (status) => void call('onStatus', status),
    text: (text) => void call('onText', text),
    tool: (tool) => void call('onTool', tool),
    permission: (request) => call('onPermission', request),
    completion: (result) => void call('onCompletion', result),
    error: (error) => void call('onError', error),
  }
}
