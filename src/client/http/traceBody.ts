import { redact } from '../redact.ts'

const secretName =
  /key|token|secret|passw|authorization|cookie|credential|^(access|refresh|code|env|environment|headers?)$/i
/** Their bodies are made of credentials, under names that nobody can foresee. */
const secretRoutes = /^\/(auth|config|global\/config|provider|mcp)\b/

/**
 * A body as it may stand in the log at level "trace": values under names that speak of secrets are left out, then
 * everything else that looks like one. Routes that carry credentials show nothing.
 */
export function traceBody(route: string, body: unknown, secrets: readonly string[]): string {
  if (secretRoutes.test(route)) return '(not shown: may hold credentials)'
  if (body === undefined) return '(empty)'
  const text = JSON.stringify(body, (name, value: unknown) =>
    secretName.test(name) && value !== null && value !== '' ? '***' : value,
  )
  return redact(text, secrets)
}
