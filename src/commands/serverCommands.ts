import * as vscode from 'vscode'
import type { ProfileKind } from '../opencode/profile.ts'
import { activeFolder } from '../platform/folders.ts'
import type { commandIds } from './commandIds.ts'
import { backendInSight, folderInSight } from './commandSpec.ts'
import type { CommandContext, CommandSpec } from './commandSpec.ts'
import { restartServer, stopServer } from './servers/serverEnd.ts'
import { connectFlow } from './servers/connectFlow.ts'
import { selectServer } from './servers/selectServer.ts'
import { signOutEverywhere } from './servers/signOut.ts'
import { kubernetesFlow } from './servers/kubernetesFlow.ts'
import { switchServer } from './servers/switchServer.ts'

type Name = keyof typeof commandIds

/** The life of the servers of this window, and which one a folder uses. */
export const serverCommands = {
  startServer: {
    async run(context) {
      await (await backendInSight(context)).access.ensure()
    },
  },
  stopServer: {
    async run(context) {
      await stopServer(await backendInSight(context))
    },
  },
  restartServer: {
    async run(context) {
      await restartServer(await backendInSight(context))
    },
  },
  selectServer: { run: (context) => selectServer(context) },
  connectToServer: { run: (context) => connectToServer(context) },
  connectToKubernetes: {
    async run(context) {
      const profile = await kubernetesFlow(context)
      if (profile) await switchServer(context, [await folderInSight(context)], profile)
    },
  },
  signOutEverywhere: { run: (context) => signOutEverywhere(context) },
  doctor: {
    async run(context) {
      const backend = await backendInSight(context)
      const folder = await activeFolder().catch(() => undefined)
      context.doctor.open({ backend, folder: context.chats.active?.directory ?? folder?.directory })
    },
  },
  showLog: {
    async run({ services }) {
      services.log.show()
      return Promise.resolve()
    },
  },
  showServerLog: {
    async run(context) {
      showServerLog(context, (await backendInSight(context)).profile.kind)
    },
  },
} satisfies Partial<Record<Name, CommandSpec>>

/** What the server itself prints, as far as it reaches us. */
function showServerLog({ services }: CommandContext, kind: ProfileKind): void {
  if (kind === 'container') return services.log.showContainer()
  if (kind === 'url') {
    void services.notify.warn(
      vscode.l10n.t('This server is run by somebody else; what it prints stays where it runs.'),
    )
    return
  }
  services.log.showServer()
}

/** For the folder of the chat in sight: its profile by address is asked about anew, else one is added. */
async function connectToServer(context: CommandContext): Promise<void> {
  const { profiles, backends } = context.services
  const folder = await folderInSight(context)
  const present = profiles.for(folder)
  const before = present.kind === 'url' && present.problem === undefined ? present : undefined
  const profile = await connectFlow(context, folder, undefined, before?.url)
  if (!profile) return
  if (profile.id === present.id && profiles.isPicked(folder)) await backends.for(folder).access.change()
  else await switchServer(context, [folder], profile)
}
