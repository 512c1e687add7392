import * as vscode from 'vscode'
import type { KubernetesProfile } from '../../opencode/profile.ts'
import type { ServerLogin } from '../../platform/credentials.ts'
import { Kubectl } from '../../server/kubernetes/kubectl.ts'
import { KubernetesLauncher } from '../../server/kubernetes/kubernetesLauncher.ts'
import type { ServerLauncher } from '../../server/launcher.ts'
import type { LauncherContext } from './launcherContext.ts'
import { defaultUsername } from './url.ts'

const defaultPort = 4096

/** A server in a cluster, through a forwarded port. */
export function createKubernetesLauncher(
  profile: KubernetesProfile,
  { credentials, extensionUri, storageUri, log }: LauncherContext,
): ServerLauncher {
  const login = kubernetesLogin(profile)
  return new KubernetesLauncher({
    kubectl: kubectlOf(profile),
    target: profile.target,
    remotePort: profile.port ?? defaultPort,
    supervisor: {
      execPath: process.execPath,
      path: vscode.Uri.joinPath(extensionUri, 'dist', 'supervisor.js').fsPath,
      cwd: vscode.Uri.joinPath(storageUri, 'servers').fsPath,
      env: process.env,
      host: process.pid,
    },
    log,
    username: login.username,
    password: async () => (await credentials.password(login)) ?? '',
    pathRules: (profile.paths ?? []).map(({ local, remote }) => ({ host: local, server: remote })),
  })
}

/** The program with the place of a profile. */
export function kubectlOf({
  kubectl,
  context,
  namespace,
}: Pick<KubernetesProfile, 'kubectl' | 'context' | 'namespace'>): Kubectl {
  return new Kubectl({ path: kubectl, context, namespace, env: process.env })
}

/** What the password is kept by: the forwarded port is another one each time. */
export function kubernetesLogin(profile: Omit<KubernetesProfile, 'kind' | 'name' | 'source'>): ServerLogin {
  const { id, context = '', namespace = '', target, username = defaultUsername } = profile
  return { profileID: id, url: `kubernetes:${context}/${namespace}/${target}`, username }
}
