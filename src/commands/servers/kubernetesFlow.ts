import * as vscode from 'vscode'
import { OpencodeError } from '../../opencode/errors.ts'
import type { KubernetesProfile } from '../../opencode/profile.ts'
import { kubectlOf, kubernetesLogin } from '../../profiles/launchers/kubernetes.ts'
import type { Kubectl } from '../../server/kubernetes/kubectl.ts'
import type { ClusterTarget } from '../../server/kubernetes/objects.ts'
import { checkTrust } from '../../views/backend/serverAccess.ts'
import type { CommandContext } from '../commandSpec.ts'
import { freeName } from './profileNames.ts'

/**
 * Asks for context, namespace and pod, service or deployment of a server in a cluster, and for its password, which is
 * read from its Secret when the user agrees. Undefined: called off.
 *
 * @throws OpencodeError `untrusted`, `kubectl-not-found`, `cluster-unreachable`, `forbidden` …
 */
export async function kubernetesFlow(context: CommandContext): Promise<KubernetesProfile | undefined> {
  checkTrust()
  const place = await pickPlace(kubectlOf({}))
  if (!place) return undefined
  const kubectl = kubectlOf(place)
  const target = await pickTarget(kubectl)
  if (!target) return undefined
  const { profiles } = context.services
  const name = freeName(profiles.all, target.target.split('/')[1] ?? target.target)
  const profile: KubernetesProfile = {
    kind: 'kubernetes',
    id: `user:${name}`,
    source: 'user',
    name,
    ...place,
    target: target.target,
    ...(target.port === undefined || target.port === defaultPort ? {} : { port: target.port }),
  }
  const password = await findPassword(kubectl, target.target)
  if (password === undefined) return undefined
  context.services.log.redactor.add(password)
  if (password !== '') await context.credentials.setPassword(kubernetesLogin(profile), password)
  await profiles.save(profile)
  return profile
}

const defaultPort = 4096

type Place = Required<Pick<KubernetesProfile, 'context' | 'namespace'>>

async function pickPlace(kubectl: Kubectl): Promise<Place | undefined> {
  const { names, current } = await asking((signal) => kubectl.contexts(signal))
  const sorted = [...names].sort((a, b) => Number(b === current) - Number(a === current))
  if (sorted.length === 0) {
    throw new OpencodeError(
      'cluster-unreachable',
      vscode.l10n.t('kubectl knows no cluster. Set one up, so that "kubectl get pods" works.'),
    )
  }
  const context =
    sorted.length === 1
      ? sorted[0]
      : await vscode.window.showQuickPick(sorted, {
          title: vscode.l10n.t('Connect to Kubernetes (1/3): context'),
        })
  if (context === undefined) return undefined
  const namespace = await pickNamespace(kubectl.with({ context }))
  return namespace === undefined ? undefined : { context, namespace }
}

/** Who may not list namespaces may still know one. */
async function pickNamespace(kubectl: Kubectl): Promise<string | undefined> {
  const title = vscode.l10n.t('Connect to Kubernetes (2/3): namespace')
  try {
    const names = await asking((signal) => kubectl.namespaces(signal))
    return await vscode.window.showQuickPick(names, { title })
  } catch (error) {
    if (!(error instanceof OpencodeError) || error.code !== 'forbidden') throw error
    const name = await vscode.window.showInputBox({ title, prompt: error.message, value: 'default' })
    return name?.trim() || undefined
  }
}

async function pickTarget(kubectl: Kubectl): Promise<ClusterTarget | undefined> {
  const targets = await asking((signal) => kubectl.targets(signal))
  if (targets.length === 0) {
    throw new OpencodeError(
      'not-found',
      vscode.l10n.t('There is no deployment, service or pod in this namespace.'),
    )
  }
  const items = targets.map((target) => ({
    label: `${target.isLikely ? '$(star-full) ' : ''}${target.target}`,
    description: target.description,
    target,
  }))
  const title = vscode.l10n.t('Connect to Kubernetes (3/3): where OpenCode runs')
  return (await vscode.window.showQuickPick(items, { title }))?.target
}

/** Empty: the server has none. Undefined: called off. */
async function findPassword(kubectl: Kubectl, target: string): Promise<string | undefined> {
  const source = await asking((signal) => kubectl.passwordSource(target, signal))
  if (source) {
    const read = vscode.l10n.t('Read it')
    const enter = vscode.l10n.t('Enter it myself')
    const question = vscode.l10n.t('Read the password from the Secret "{0}"?', source.secret)
    const detail = vscode.l10n.t('It is kept in the secret storage of VS Code and given to this server only.')
    const picked = await vscode.window.showInformationMessage(question, { modal: true, detail }, read, enter)
    if (picked === undefined) return undefined
    if (picked === read) {
      const password = await asking((signal) => kubectl.readPassword(source, signal))
      if (password !== undefined) return password
    }
  }
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Password of the OpenCode server'),
    prompt: vscode.l10n.t('Empty: it has none'),
    password: true,
    ignoreFocusOut: true,
  })
}

async function asking<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const title = vscode.l10n.t('Asking the cluster')
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (_, token) => {
      const abort = new AbortController()
      token.onCancellationRequested(() => abort.abort())
      return ask(abort.signal)
    },
  )
}
