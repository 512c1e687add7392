import assert from 'node:assert/strict'
import type { Connection, ServerEvent } from '../../../../src/client/connection.ts'
import { mapPaths, pathsOf } from '../../../../src/client/paths/mappedConnection.ts'
import {
  actionToHost,
  blockToHost,
  patchToHost,
  requestToHost,
} from '../../../../src/client/paths/mappedModel.ts'
import { PathMap } from '../../../../src/client/paths/pathMap.ts'
import { toBlockID, toMessageID, toRequestID, toSessionID } from '../../../../src/opencode/ids.ts'
import { emptySession } from '../../../support/emptySession.ts'
import type { Session, ToolBlock } from '../../../../src/session/model.ts'

const rules = [{ host: '/home/ada/app', server: '/workspace' }]
const paths = new PathMap(rules)
const sessionID = toSessionID('ses_1')
const session: Session = {
  id: sessionID,
  title: 't',
  untitled: false,
  directory: '/workspace',
  created: 1,
  updated: 1,
}
const tool: ToolBlock = {
  type: 'tool',
  id: toBlockID('prt_1'),
  callID: 'c',
  name: 'edit',
  kind: 'edit',
  status: 'completed',
  target: '/workspace/a.ts',
  input: {
    filePath: '/workspace/a.ts',
    command: '/workspace/run.sh',
    edits: [{ path: '/workspace/b.ts' }],
    n: 1,
  },
  files: [
    {
      path: '/workspace/a.ts',
      patch: '--- /workspace/a.ts\n+++ /workspace/a.ts\n',
      additions: 1,
      deletions: 0,
      status: 'modified',
    },
  ],
}

describe('A connection with mapped paths', () => {
  it('is the connection itself without rules, and knows its map with them', () => {
    const { connection } = recorder({})
    assert.equal(mapPaths(connection, undefined), connection)
    assert.equal(mapPaths(connection, [{ host: '/a', server: '/a' }]), connection)
    assert.equal(pathsOf(connection).coversHost('/a/b'), true)
    const mapped = mapPaths(connection, rules)
    assert.notEqual(mapped, connection)
    assert.equal(pathsOf(mapped).toServer('/home/ada/app/x'), '/workspace/x')
    assert.equal(pathsOf(undefined).toServer('/x'), '/x')
  })

  it('tells the server its own paths, in every call that names a directory', async () => {
    const { connection, calls } = recorder({
      listSessions: [],
      readRequests: [],
      findFiles: ['/workspace/a', 'b'],
    })
    const mapped = mapPaths(connection, rules)
    const here = '/home/ada/app'
    const ref = { id: toRequestID('per_1'), sessionID, directory: here }
    await mapped.listSessions({ directory: here })
    await mapped.readStatus(here)
    await mapped.readRequests(here)
    await mapped.replyPermission(ref, 'once')
    await mapped.replyQuestion(ref, [])
    await mapped.rejectQuestion(ref)
    await mapped.readCatalog(here)
    await mapped.providerCredential(here, 'x')
    await mapped.reload(here)
    assert.deepEqual(await mapped.findFiles(here, 'q', 5), ['/home/ada/app/a', 'b'])
    assert.equal(calls.length, 10)
    for (const call of calls) {
      const text = JSON.stringify(call)
      assert.ok(text.includes('/workspace') && !text.includes(here), text)
    }
  })

  it('translates the groups that only some servers have, and lacks what the server lacks', async () => {
    const said: unknown[] = []
    const answer =
      <T>(value: T) =>
      (...args: readonly unknown[]): Promise<T> => {
        said.push(...args)
        return Promise.resolve(value)
      }
    const change = { path: '/workspace/a.ts', additions: 1, deletions: 0, status: 'modified' } as const
    const groups: Partial<Connection> = {
      worktrees: {
        list: answer([{ directory: '/workspace/copy', strategy: 'git' }]),
        create: answer('/workspace/copy'),
        remove: answer(undefined),
      },
      versionControl: { changes: answer({ branch: 'main', files: [change] }), diff: answer([change]) },
      shells: undefined,
    }
    const inner = Object.assign(Object.create(recorder({}).connection) as Connection, groups)
    const { worktrees, versionControl, shells } = mapPaths(inner, rules)
    const here = '/home/ada/app'
    assert.equal(shells, undefined)
    assert.equal((await worktrees?.list(here))?.[0]?.directory, '/home/ada/app/copy')
    assert.equal(await worktrees?.create(here, 'try'), '/home/ada/app/copy')
    await worktrees?.remove(here, '/home/ada/app/copy', true)
    assert.equal((await versionControl?.changes(here))?.files[0]?.path, '/home/ada/app/a.ts')
    assert.equal((await versionControl?.diff(here))?.[0]?.path, '/home/ada/app/a.ts')
    assert.ok(!JSON.stringify(said).includes(here), JSON.stringify(said))
    assert.deepEqual(said.slice(3, 6), ['/workspace', '/workspace/copy', true])
  })

  it('takes the paths of a prompt to the server and leaves its text', async () => {
    const { connection, calls } = recorder({})
    const id = toBlockID('prt_1')
    await mapPaths(connection, rules).prompt(sessionID, {
      id: toMessageID('msg_1'),
      created: 1,
      parts: [
        { type: 'text', id, text: 'see /home/ada/app/a.ts' },
        { type: 'file', id, path: '/home/ada/app/a.ts', name: 'a.ts', mime: 'text/plain' },
        { type: 'inline', id, path: '/home/ada/app/b.ts', name: 'b.ts', mime: 'text/plain', base64: '' },
      ],
    })
    const sent = JSON.stringify(calls)
    assert.match(sent, /see \/home\/ada\/app\/a\.ts/)
    assert.match(sent, /"path":"\/workspace\/a\.ts"/)
    assert.match(sent, /"path":"\/workspace\/b\.ts"/)
  })

  it('brings the paths of answers and events back', async () => {
    const page = {
      messages: [{ id: toMessageID('msg_1'), role: 'user', created: 1, blocks: [tool] }],
      older: 'x',
    }
    const event: ServerEvent = {
      kind: 'session',
      sessionID,
      directory: '/workspace/sub',
      action: { type: 'session/put', session },
    }
    const edited: ServerEvent = { kind: 'file-edited', directory: '/workspace', path: '/workspace/a.ts' }
    const { connection } = recorder({ getSession: session, createSession: session, readMessages: page }, [
      { kind: 'up' },
      event,
      edited,
    ])
    const mapped = mapPaths(connection, rules)
    assert.equal((await mapped.getSession(sessionID)).directory, '/home/ada/app')
    assert.equal((await mapped.createSession('/home/ada/app')).directory, '/home/ada/app')
    const messages = await mapped.readMessages(sessionID, 1)
    assert.ok(!JSON.stringify(messages.messages[0]?.blocks).includes('"/workspace/a.ts"'))
    assert.equal(messages.older, 'x')
    const seen: ServerEvent[] = []
    for await (const item of mapped.events(new AbortController().signal)) seen.push(item)
    assert.deepEqual(seen[0], { kind: 'up' })
    assert.equal(seen[1]?.kind === 'session' && seen[1].directory, '/home/ada/app/sub')
    assert.deepEqual(seen[2], { kind: 'file-edited', directory: '/home/ada/app', path: '/home/ada/app/a.ts' })
  })
})

describe('Paths in the model', () => {
  it('are translated in tools, but not in what is a command', () => {
    const block = blockToHost(paths, tool) as ToolBlock
    assert.equal(block.target, '/home/ada/app/a.ts')
    assert.equal(block.files?.[0]?.path, '/home/ada/app/a.ts')
    assert.deepEqual(block.input, {
      filePath: '/home/ada/app/a.ts',
      command: '/workspace/run.sh',
      edits: [{ path: '/home/ada/app/b.ts' }],
      n: 1,
    })
    const shell = blockToHost(paths, { ...tool, kind: 'shell', target: '/workspace/run.sh' }) as ToolBlock
    assert.equal(shell.target, '/workspace/run.sh')
  })

  it('are translated in permission requests', () => {
    const request = requestToHost(paths, {
      kind: 'permission',
      id: toRequestID('per_1'),
      sessionID,
      directory: '/workspace',
      action: 'external_directory',
      patterns: ['/workspace/sub/*', '/etc/*'],
      always: ['/workspace/sub/*'],
      path: '/workspace/sub/a',
      diff: 'Index: /workspace/a\n',
    })
    assert.deepEqual(
      request.kind === 'permission' && [request.patterns, request.always, request.path, request.diff],
      [
        ['/home/ada/app/sub/*', '/etc/*'],
        ['/home/ada/app/sub/*'],
        '/home/ada/app/sub/a',
        'Index: /home/ada/app/a\n',
      ],
    )
  })

  it('are translated in the headers of a patch, never in its lines', () => {
    const patch = [
      'Index: /workspace/a.md',
      '===================================================================',
      '--- /workspace/a.md\tbefore',
      '+++ /workspace/a.md\tafter',
      '@@ -1,2 +1,3 @@',
      ' context',
      '--- /workspace/a.md',
      '+++ /workspace/a.md',
      '+/workspace/kept',
      '--- a/workspace/rel',
      '',
    ].join('\n')
    const lines = patchToHost(paths, patch).split('\n')
    assert.equal(lines[0], 'Index: /home/ada/app/a.md')
    assert.equal(lines[2], '--- /home/ada/app/a.md\tbefore')
    assert.deepEqual(lines.slice(5, 9), [
      ' context',
      '--- /workspace/a.md',
      '+++ /workspace/a.md',
      '+/workspace/kept',
    ])
    assert.equal(lines[9], '--- a/home/ada/app/rel')
  })

  it('are translated in a state as a whole', () => {
    const state = {
      ...emptySession(session),
      messages: [{ id: toMessageID('msg_1'), role: 'user' as const, created: 1, blocks: [tool] }],
    }
    const action = actionToHost(paths, { type: 'reset', state })
    assert.equal(action.type === 'reset' && action.state.session.directory, '/home/ada/app')
    const status = { type: 'status', status: { kind: 'idle' } } as const
    assert.equal(actionToHost(paths, status), status)
  })
})

/** A connection that writes down its calls and gives prepared answers. */
function recorder(answers: Readonly<Record<string, unknown>>, events: readonly ServerEvent[] = []) {
  const calls: unknown[][] = []
  const connection = new Proxy(
    {},
    {
      get: (_, name: string) => {
        if (name === 'events')
          return async function* () {
            yield* events
          }
        return (...args: unknown[]) => {
          calls.push([name, ...args])
          return Promise.resolve(answers[name])
        }
      },
    },
  ) as Connection
  return { connection, calls }
}
