import assert from 'node:assert/strict'
import { HttpStatusError } from '../../../src/client/http/httpErrors.ts'
import { lineOf } from '../../../src/commands/features/lineOf.ts'
import { toServer } from '../../../src/commands/features/newMcpServer.ts'
import { keyVariables } from '../../../src/commands/providers/keyVariables.ts'
import { toErrorInfo } from '../../../src/opencode/errors.ts'

describe('A new MCP server', () => {
  it('is an address or a command whose quoted parts stay whole', () => {
    assert.deepEqual(toServer('https://mcp.example/sse'), { kind: 'remote', url: 'https://mcp.example/sse' })
    assert.deepEqual(toServer(`npx -y "my server" --name 'a b'`), {
      kind: 'local',
      command: ['npx', '-y', 'my server', '--name', 'a b'],
    })
  })
})

describe('The configuration', () => {
  it('is opened at the line of a key', () => {
    const text = '{\n  "model": "mcp",\n  "mcp": {}\n}\n'
    assert.equal(lineOf(text, 'mcp'), 3)
    assert.equal(lineOf(text, 'permission'), undefined)
  })

  it('is opened at its mistake, as the server names it', () => {
    const data = {
      path: '/p/opencode.json',
      message: 'CommaExpected at line 4, column 7\n  "apiKey": "sk-1"',
    }
    const failure = { method: 'GET', route: '/config', status: 400, header: () => undefined, secrets: [] }
    const error = new HttpStatusError({ ...failure, body: { name: 'ConfigJsonError', data } })
    assert.deepEqual(toErrorInfo(error).place, { path: '/p/opencode.json', line: 4, column: 7 })
    const vague = new HttpStatusError({
      ...failure,
      body: { name: 'ConfigInvalidError', data: { path: '/p/x' } },
    })
    assert.deepEqual(toErrorInfo(vague).place, { path: '/p/x' })
    const other = new HttpStatusError({ ...failure, body: { name: 'BadRequest', data: { path: '/p/x' } } })
    assert.equal(toErrorInfo(other).place, undefined)
  })
})

describe('Variables of the environment', () => {
  it('count when they hold a key and are set', () => {
    const environment = ['AZURE_RESOURCE_NAME', 'AZURE_API_KEY', 'AZURE_TOKEN', 'OTHER_KEY']
    const set = { AZURE_RESOURCE_NAME: 'x', AZURE_API_KEY: 'k', AZURE_TOKEN: ' ' }
    assert.deepEqual(keyVariables({ environment }, set), ['AZURE_API_KEY'])
  })
})
