import type { ErrorCode } from '../../opencode/errors.ts'
import { redact } from '../../client/redact.ts'
import { LaunchError } from '../launchError.ts'
import type { CommandResult } from './command.ts'

interface Known {
  readonly code: ErrorCode
  readonly pattern: RegExp
  readonly sentence: string
}

/** What engines write when something outside of our hands is wrong; the first match counts. */
const known: readonly Known[] = [
  {
    code: 'forbidden',
    pattern: /permission denied.{0,80}(?:docker|podman)[\w.]*(?:\.sock| API| daemon)/i,
    sentence:
      'You may not use the container engine: its socket belongs to other users. Add yourself to its group or use a rootless engine.',
  },
  {
    code: 'engine-not-running',
    pattern:
      /cannot connect to the docker daemon|is the docker daemon running|error during connect|(?:cannot|unable to) connect to podman|podman\.sock.*(?:refused|no such file)|docker_engine.*cannot find/i,
    sentence: 'The container engine does not run. Start Docker or Podman, then try again.',
  },
  {
    code: 'port-taken',
    pattern:
      /port is already allocated|address already in use|bind: .*in use|ports are not available|proxy already running/i,
    sentence:
      'The port for the container is taken by another program. Choose another one, or leave the choice to us.',
  },
  {
    code: 'disk-full',
    pattern: /no space left on device|disk quota exceeded|not enough space/i,
    sentence:
      'The disk of the container engine is full. Free some space, for example with "docker system prune".',
  },
  {
    code: 'mount-failed',
    pattern:
      /bind source path does not exist|mounts denied|statfs [^:]+: no such file|error mounting|invalid mount config|path .{1,300} is not shared|special device .* does not exist/i,
    sentence:
      'The container engine cannot mount the folder. If it runs elsewhere (a virtual machine, a remote context), share the folder with it.',
  },
  {
    code: 'image-missing',
    pattern:
      /no such image|image not known|unable to find image|manifest unknown|pull access denied|repository does not exist|short-name .* did not resolve|requested access to the resource is denied|unable to copy from source|initializing source/i,
    sentence: 'The container image is missing and could not be fetched. Check its name and the network.',
  },
  {
    code: 'not-found',
    pattern: /no such (?:container|object|volume|network)|no container with name or id/i,
    sentence: 'The container is gone.',
  },
]

/** Recognizes an engine's complaint; undefined when it says nothing we know. */
export function recognizeFailure(
  text: string,
): { readonly code: ErrorCode; readonly sentence: string } | undefined {
  return known.find(({ pattern }) => pattern.test(text))
}

/** The error for a command that failed; `what` completes "… failed", e.g. "Starting the container". */
export function engineFailure(
  what: string,
  result: CommandResult,
  fallback: ErrorCode = 'launch-failed',
): LaunchError {
  const text = result.stderr.trim() === '' ? result.stdout : result.stderr
  const detail = redact(text.trim().split('\n').slice(-20).join('\n'))
  const found = recognizeFailure(text)
  const message =
    found?.sentence ??
    `${what} failed (exit code ${result.code ?? 'unknown'}). The engine's words are in the log.`
  return new LaunchError(found?.code ?? fallback, message, { detail })
}
