import * as v from 'valibot'
import { parseServerUrl } from '../client/endpoint.ts'
import { toErrorInfo } from '../opencode/errors.ts'
import type { ServerProfile } from '../opencode/profile.ts'

export type ProfileSource = 'user' | 'workspace'

/** An entry of the setting that cannot be used. */
export interface ProfileProblem {
  /** The id that it would have; undefined when it has no name. */
  readonly id: string | undefined
  /** Names the entry and what is wrong with it. */
  readonly sentence: string
}

export interface ReadProfiles {
  readonly profiles: readonly ServerProfile[]
  readonly problems: readonly ProfileProblem[]
}

/** What stands in the setting for a profile: all of it but id and source. */
export type ProfileEntry = v.InferInput<typeof entrySchema>

/**
 * Reads the value of the setting `opencodeSessions.server.profiles`. A bad entry is told in a sentence and
 * left out; the others work.
 */
export function readProfiles(value: unknown, source: ProfileSource): ReadProfiles {
  if (value === undefined || value === null) return { profiles: [], problems: [] }
  if (!Array.isArray(value)) {
    const sentence = 'The setting "opencodeSessions.server.profiles" must be a list of server profiles.'
    return { profiles: [], problems: [{ id: undefined, sentence }] }
  }
  const profiles = new Map<string, ServerProfile>()
  const problems: ProfileProblem[] = []
  value.forEach((entry: unknown, index) => {
    const name = nameOf(entry)
    const id = name === undefined ? undefined : profileID(source, name)
    const result = v.safeParse(entrySchema, entry, { abortPipeEarly: true })
    const wrong = result.success ? undefined : explain(result.issues[0], entry)
    const twice = id !== undefined && profiles.has(id) ? 'another profile has the same name' : undefined
    if (result.success && id !== undefined && twice === undefined) {
      profiles.set(id, { ...clean(result.output), id, source } as ServerProfile)
    } else {
      problems.push({ id, sentence: sentence({ name, index, source }, wrong ?? twice ?? 'it has no name') })
    }
  })
  return { profiles: [...profiles.values()], problems }
}

export function profileID(source: ProfileSource, name: string): string {
  return `${source}:${name}`
}

/** The form in which a profile stands in the setting. */
export function toEntry({
  id: _id,
  source: _source,
  problem: _problem,
  ...entry
}: ServerProfile): ProfileEntry {
  return entry as ProfileEntry
}

const text = v.pipe(v.string('must be a text'), v.trim(), v.minLength(1, 'must not be empty'))
const flag = v.boolean('must be true or false')
const port = v.pipe(
  v.number('must be a number'),
  v.integer('must be a whole number'),
  v.minValue(1, 'must be between 1 and 65535'),
  v.maxValue(65_535, 'must be between 1 and 65535'),
)
const absolute = v.pipe(
  text,
  v.regex(/^(\/|~\/|[A-Za-z]:[\\/]|\\\\)/, 'must be an absolute path, or one that starts with ~/'),
)
const place = v.pipe(text, v.regex(/^(\/|[A-Za-z]:[\\/]|\\\\)/, 'must be an absolute path'))
const environment = v.record(
  v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, 'has a name that is no environment variable')),
  v.string('must have texts as values'),
  'must be an object of texts',
)
const address = v.pipe(
  text,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return
    try {
      parseServerUrl(dataset.value)
    } catch (error) {
      addIssue({ message: `is not usable: ${toErrorInfo(error).message}` })
    }
  }),
)
const paths = v.optional(
  v.array(v.strictObject({ local: place, remote: place }), 'must be a list of objects'),
)
const name = v.pipe(text, v.maxLength(60, 'must have at most 60 letters'))

const entrySchema = v.variant(
  'kind',
  [
    v.strictObject({
      name,
      kind: v.literal('managed'),
      path: v.optional(absolute),
      environment: v.optional(environment),
    }),
    v.strictObject({
      name,
      kind: v.literal('container'),
      engine: v.optional(v.picklist(['auto', 'docker', 'podman'], 'must be auto, docker or podman')),
      context: v.optional(text),
      image: v.optional(text),
      extraPackages: v.optional(
        v.array(v.pipe(text, v.regex(/^[a-z0-9][a-z0-9+.-]*$/, 'must name Debian packages'))),
      ),
      memory: v.optional(v.pipe(text, v.regex(/^\d+(\.\d+)?[bkmg]?$/i, 'must be a size such as 2g'))),
      cpus: v.optional(v.pipe(v.number('must be a number'), v.minValue(0.1, 'must be at least 0.1'))),
      network: v.optional(v.picklist(['default', 'provider', 'host'], 'must be default, provider or host')),
      providerHosts: v.optional(v.array(text, 'must be a list of host names')),
      mounts: v.optional(
        v.array(
          v.strictObject({ source: absolute, target: v.optional(place), isReadOnly: v.optional(flag) }),
          'must be a list of objects',
        ),
      ),
      environment: v.optional(environment),
      user: v.optional(
        v.pipe(
          text,
          v.regex(/^(outside|image|\d+:\d+)$/, 'must be outside, image or two numbers as 1000:1000'),
        ),
      ),
      isReadOnly: v.optional(flag),
      workspaceTarget: v.optional(place),
      port: v.optional(port),
    }),
    v.strictObject({
      name,
      kind: v.literal('url'),
      url: address,
      username: v.optional(text),
      allowsPlain: v.optional(flag),
      caFile: v.optional(absolute),
      certificateFile: v.optional(absolute),
      keyFile: v.optional(absolute),
      proxy: v.optional(
        v.pipe(text, v.regex(/^https?:\/\/\S+$/, 'must be an address such as http://proxy.example:3128')),
      ),
      paths,
    }),
    v.strictObject({
      name,
      kind: v.literal('kubernetes'),
      context: v.optional(text),
      namespace: v.optional(text),
      target: v.pipe(
        text,
        v.regex(
          /^(pod|service|deployment)\/[a-z0-9][a-z0-9.-]*$/,
          'must be pod/NAME, service/NAME or deployment/NAME',
        ),
      ),
      port: v.optional(port),
      username: v.optional(text),
      kubectl: v.optional(absolute),
      paths,
    }),
  ],
  'must be managed, container, url or kubernetes',
)

type Issue = v.InferIssue<typeof entrySchema>

function explain(issue: Issue, entry: unknown): string {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 'it must be an object'
  const path = (issue.path ?? []).map(({ key }) => String(key)).join('.')
  if (issue.type === 'strict_object' && issue.expected === 'never') return `"${path}" is not known here`
  if (issue.input === undefined) return `"${path}" is missing`
  return `"${path}" ${issue.message}`
}

interface EntryPlace {
  readonly name: string | undefined
  readonly index: number
  readonly source: ProfileSource
}

function sentence({ name: called, index, source }: EntryPlace, wrong: string): string {
  const which = called === undefined ? `Entry ${String(index + 1)}` : `The profile "${called}"`
  return `${which} of the ${source} setting "opencodeSessions.server.profiles" cannot be used: ${wrong.replace(/\.$/, '')}.`
}

function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined
  const { name: called } = entry as { readonly name?: unknown }
  return typeof called === 'string' && called.trim() !== '' ? called.trim() : undefined
}

/** Optional fields that are not there are left out, not undefined. */
function clean(entry: object): object {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))
}
