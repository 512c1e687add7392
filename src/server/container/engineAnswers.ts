/** How a container is or ended, in the words of `inspect`. */
export interface ContainerState {
  readonly id: string
  readonly name: string
  readonly isRunning: boolean
  readonly exitCode: number
  /** What the kernel did to the container as a whole; unreliable, see `describeEnd`. */
  readonly isOutOfMemory: boolean
  /** Why the engine could not start it. */
  readonly error: string
  readonly labels: Readonly<Record<string, string>>
  /** `4096/tcp` → port of the loopback interface. */
  readonly ports: Readonly<Record<string, number>>
  /** Network name → address of the container. */
  readonly addresses: Readonly<Record<string, string>>
  /** Where it listens in the network of this machine; undefined for all other networks. */
  readonly hostPort: number | undefined
  /** Bytes; 0 without a limit. */
  readonly memoryLimit: number
}

/** Reads the answer of `container inspect` for one container. @returns undefined for anything else */
export function parseState(text: string): ContainerState | undefined {
  return readAll(text).map(toState)[0]
}

/** Reads the answer of `container inspect` for several containers; those that cannot be read are left out. */
export function parseList(text: string): readonly ContainerEntry[] {
  return readAll(text).map((item) => {
    const { id, name, isRunning, labels } = toState(item)
    return { id, name, isRunning, labels }
  })
}

type Data = Readonly<Record<string, unknown>>

function readAll(text: string): readonly Data[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.filter(isData) : []
  } catch {
    return []
  }
}

function toState(item: Data): ContainerState {
  const state = data(item['State'])
  const config = data(item['Config'])
  const network = data(item['NetworkSettings'])
  return {
    id: text(item['Id']),
    name: text(item['Name']).replace(/^\//, ''),
    isRunning: state['Running'] === true,
    exitCode: number(state['ExitCode']),
    isOutOfMemory: state['OOMKilled'] === true,
    error: text(state['Error']),
    labels: entries(config['Labels'], text),
    ports: entries(network['Ports'], hostPort),
    addresses: entries(network['Networks'], (value) => text(data(value)['IPAddress'])),
    hostPort: hostNetworkPort(item),
    memoryLimit: number(data(item['HostConfig'])['Memory']),
  }
}

function hostPort(value: unknown): number {
  const first: unknown = Array.isArray(value) ? value[0] : undefined
  return Number(data(first)['HostPort'] ?? 0)
}

/** With the network of the machine no port is published; the one that was chosen stands in the environment. */
function hostNetworkPort(item: Data): number | undefined {
  if (data(item['HostConfig'])['NetworkMode'] !== 'host') return undefined
  const environment: unknown = data(item['Config'])['Env']
  const found = Array.isArray(environment)
    ? environment.map(String).findLast((line) => line.startsWith('OPENCODE_PORT='))
    : undefined
  return found === undefined ? undefined : Number(found.slice('OPENCODE_PORT='.length))
}

function entries<T>(value: unknown, read: (value: unknown) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(data(value)).map(([key, item]) => [key, read(item)]))
}

function data(value: unknown): Data {
  return isData(value) ? value : {}
}

function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

/** One line of the list of containers. */
export interface ContainerEntry {
  readonly id: string
  readonly name: string
  readonly isRunning: boolean
  readonly labels: Readonly<Record<string, string>>
}
