import { redact } from '../../client/redact.ts'
import type { ErrorCode } from '../../opencode/errors.ts'
import { LaunchError } from '../launchError.ts'

interface Known {
  readonly code: ErrorCode
  readonly pattern: RegExp
  readonly sentence: string
}

/** What kubectl writes; the first match counts. */
const known: readonly Known[] = [
  {
    code: 'not-found',
    pattern: /context was not found|context "[^"]*" does not exist|no context exists/i,
    sentence: 'The configuration of kubectl has no such context. Pick another one.',
  },
  {
    code: 'cluster-unreachable',
    pattern: /localhost:8080|no configuration has been provided|current-context is not set/i,
    sentence:
      'kubectl knows no cluster. Set one up (KUBECONFIG or ~/.kube/config), so that "kubectl get pods" works.',
  },
  {
    code: 'cluster-unreachable',
    pattern:
      /was refused - did you specify|unable to connect to the server|no such host|i\/o timeout|handshake timeout|deadline exceeded|network is unreachable|no route to host|certificate signed by unknown|x509:/i,
    sentence:
      'The cluster cannot be reached. Check that it runs, and whether you need a VPN; "kubectl cluster-info" tells more.',
  },
  {
    code: 'forbidden',
    pattern: /unauthorized|must be logged in|token (?:has )?expired|getting credentials|exec plugin/i,
    sentence: 'The cluster does not take your login. Log in to it again, so that "kubectl get pods" works.',
  },
  {
    code: 'forbidden',
    pattern: /\bforbidden\b|cannot (?:get|list|create|watch) resource/i,
    sentence:
      'The cluster does not let you do this. Ask for the rights to list pods and to forward ports in this namespace.',
  },
  {
    code: 'port-taken',
    pattern: /address already in use|unable to listen on/i,
    sentence: 'The port on this machine was taken meanwhile.',
  },
  {
    code: 'not-running',
    pattern: /pod is not running|current phase is|no running pods|timed out waiting for the condition/i,
    sentence:
      'No pod of the server runs now. See "kubectl get pods" for the reason; the connection is tried again.',
  },
  {
    code: 'not-found',
    pattern: /not ?found|cannot find|no matches for kind/i,
    sentence:
      'The cluster has no such pod, service or deployment in this namespace. Pick another one, or start it.',
  },
]

/** The error for a kubectl that failed; its own words are the `detail`. */
export function kubectlFailure(what: string, output: string): LaunchError {
  const found = known.find(({ pattern }) => pattern.test(output))
  const message = found?.sentence ?? `${what} failed. The words of kubectl are in the details.`
  return new LaunchError(found?.code ?? 'launch-failed', message, { detail: redact(output.trim()) })
}

export function kubectlMissing(path: string): LaunchError {
  return new LaunchError(
    'kubectl-not-found',
    `The program "${path}" was not found. Install kubectl, or name its path in the profile of the server ("kubectl").`,
    { detail: '' },
  )
}
