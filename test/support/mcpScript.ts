/** Source of an MCP server with one tool that speaks JSON lines over its standard streams. */
export const mcpScript = `
const lines = require('node:readline').createInterface({ input: process.stdin })
const answers = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'sample', version: '1' } }),
  'tools/list': () => ({ tools: [{ name: 'greet', description: 'Says hello', inputSchema: { type: 'object', properties: {} } }] }),
  ping: () => ({}),
}
lines.on('line', (line) => {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined) return
  const answer = answers[method]
  const body = answer ? { result: answer(params ?? {}) } : { error: { code: -32601, message: 'Unknown method' } }
  process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, ...body }) + '\\n')
})
`
