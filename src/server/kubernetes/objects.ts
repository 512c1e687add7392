/** Something of a cluster that a port can be forwarded to. */
export interface ClusterTarget {
  /** `deployment/NAME`, `service/NAME` or `pod/NAME`. */
  readonly target: string
  /** In a few words: ready pods, phase, ports. */
  readonly description: string
  /** Whether its names or images speak of OpenCode. */
  readonly isLikely: boolean
  /** Of the server inside, where it is told. */
  readonly port: number | undefined
}

/** A key of a Secret. */
export interface PasswordSource {
  readonly secret: string
  readonly key: string
}

type Fields = Readonly<Record<string, unknown>>

const kinds: Readonly<Record<string, string>> = {
  Deployment: 'deployment',
  Service: 'service',
  Pod: 'pod',
}
const serverPort = 4096

/** Of an answer to `kubectl get deployments,services,pods -o json`; pods of deployments are among them. */
export function readTargets(answer: unknown): readonly ClusterTarget[] {
  const targets = items(fields(answer)['items']).flatMap((item) => readTarget(fields(item)))
  return targets.sort((a, b) => Number(b.isLikely) - Number(a.isLikely) || rank(a) - rank(b))
}

/** The specification of the pods of a deployment or of a pod; undefined for a service. */
export function podSpecOf(object: unknown): Fields | undefined {
  const { kind, spec } = fields(object)
  if (kind === 'Pod') return fields(spec)
  return kind === 'Deployment' ? fields(fields(fields(spec)['template'])['spec']) : undefined
}

/** Which Secret gives the server its password: by variable, or by a file that is mounted. */
export function passwordSource(spec: Fields | undefined): PasswordSource | undefined {
  for (const container of items(spec?.['containers']).map(fields)) {
    const variables = items(container['env']).map(fields)
    const plain = variables.find(({ name }) => name === 'OPENCODE_SERVER_PASSWORD')
    const reference = fields(fields(plain?.['valueFrom'])['secretKeyRef'])
    const direct = sourceOf(reference['name'], reference['key'])
    if (direct) return direct
    const file = variables.find(({ name }) => name === 'OPENCODE_SERVER_PASSWORD_FILE')?.['value']
    const mounted = typeof file === 'string' ? ofFile(file, container, spec) : undefined
    if (mounted) return mounted
  }
  return undefined
}

function ofFile(file: string, container: Fields, spec: Fields | undefined): PasswordSource | undefined {
  const mount = items(container['volumeMounts'])
    .map(fields)
    .find(({ mountPath }) => typeof mountPath === 'string' && file.startsWith(`${mountPath}/`))
  const volume = items(spec?.['volumes'])
    .map(fields)
    .find(({ name }) => name === mount?.['name'])
  return sourceOf(fields(volume?.['secret'])['secretName'], file.split('/').at(-1))
}

function sourceOf(secret: unknown, key: unknown): PasswordSource | undefined {
  return typeof secret === 'string' && typeof key === 'string' ? { secret, key } : undefined
}

function readTarget(item: Fields): readonly ClusterTarget[] {
  const kind = kinds[String(item['kind'])]
  const { name, labels } = fields(item['metadata'])
  if (kind === undefined || typeof name !== 'string') return []
  const spec = podSpecOf(item)
  const images = items(spec?.['containers']).map((container) => String(fields(container)['image']))
  const ports = portsOf(item, spec)
  return [
    {
      target: `${kind}/${name}`,
      description: [describe(item), ports.length === 0 ? '' : `port ${ports.join(', ')}`]
        .filter((word) => word !== '')
        .join(' · '),
      isLikely: /opencode/i.test(JSON.stringify([name, labels ?? {}, images])),
      port: ports.includes(serverPort) ? serverPort : ports[0],
    },
  ]
}

function portsOf({ kind, spec }: Fields, pods: Fields | undefined): readonly number[] {
  const found =
    kind === 'Service'
      ? items(fields(spec)['ports']).map((port) => fields(port)['port'])
      : items(pods?.['containers'])
          .flatMap((container) => items(fields(container)['ports']))
          .map((port) => fields(port)['containerPort'])
  return found.filter((port) => typeof port === 'number')
}

function describe({ kind, spec, status }: Fields): string {
  if (kind === 'Pod') return word(fields(status)['phase'])
  if (kind === 'Service') return word(fields(spec)['type'])
  return `${Number(fields(status)['readyReplicas'] ?? 0)} of ${Number(fields(spec)['replicas'] ?? 1)} ready`
}

/** A deployment survives its pods, so it comes first. */
function rank({ target }: ClusterTarget): number {
  return ['deployment', 'service', 'pod'].indexOf(target.split('/')[0] ?? '')
}

function word(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []
}
