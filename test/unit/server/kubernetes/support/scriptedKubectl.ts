import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'

export interface ScriptedKubectl {
  readonly path: string
  /** What `get` answers, by its arguments joined with blanks; anything else fails as kubectl does. */
  answer(args: string, object: unknown): Promise<void>
  /** Where forwarded connections go. */
  connectTo(port: number): Promise<void>
  /** Ends the forwards that are open, in the words of kubectl, as when a pod is replaced. */
  loseThePod(): Promise<void>
  /** What the next forwards end with at once; empty: they work. */
  refuseWith(words: string): Promise<void>
}

/**
 * A program with the command line of kubectl, for what needs a cluster: it forwards a port to a server of the test.
 * It is no cluster and proves nothing about one.
 */
export async function scriptKubectl(folder: string): Promise<ScriptedKubectl> {
  const program = path.join(folder, 'kubectl')
  const file = (name: string): string => path.join(folder, name)
  await writeFile(program, `#!${process.execPath}\n${script}`)
  await chmod(program, 0o755)
  const answers: Record<string, unknown> = {}
  await writeFile(file('answers.json'), '{}')
  await writeFile(file('refusal'), '')
  let losses = 0
  return {
    path: program,
    answer: (args, object) => {
      answers[args] = object
      return writeFile(file('answers.json'), JSON.stringify(answers))
    },
    connectTo: (port) => writeFile(file('port'), String(port)),
    loseThePod: () => writeFile(file('losses'), String(++losses)),
    refuseWith: (words) => writeFile(file('refusal'), words),
  }
}

const script = `
const { readFileSync } = require('node:fs')
const net = require('node:net')
const read = (name) => { try { return readFileSync(__dirname + '/' + name, 'utf8') } catch { return '' } }
const fail = (words) => { console.error(words); process.exit(1) }
const args = process.argv.slice(2)
if (args.includes('port-forward')) forward(args)
else {
  const answer = JSON.parse(read('answers.json'))[args.join(' ')]
  if (answer === undefined) fail('Error from server (NotFound): pods "x" not found')
  console.log(typeof answer === 'string' ? answer : JSON.stringify(answer))
}
function forward(args) {
  const refusal = read('refusal')
  if (refusal !== '') fail(refusal)
  const [local, remote] = args.at(-1).split(':').map(Number)
  const losses = read('losses')
  net.createServer((client) => {
    const pod = net.connect(Number(read('port')), '127.0.0.1')
    client.pipe(pod).pipe(client)
    for (const socket of [client, pod]) socket.on('error', () => { client.destroy(); pod.destroy() })
  }).listen(local, '127.0.0.1', () => console.log('Forwarding from 127.0.0.1:' + local + ' -> ' + remote))
  setInterval(() => { if (read('losses') !== losses) fail('error: lost connection to pod') }, 50)
}
`
