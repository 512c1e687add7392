import type { commandIds } from './commandIds.ts'
import type { CommandSpec } from './commandSpec.ts'
import { showMcpServers } from './features/mcpServers.ts'
import { openConfiguration } from './features/openConfiguration.ts'
import { showFeatures } from './features/showFeatures.ts'

type Name = keyof typeof commandIds

/** What a server has besides sessions and models. */
export const featureCommands = {
  showMcpServers: { whenRunning: (context) => showMcpServers(context) },
  showFeatures: { whenRunning: (context) => showFeatures(context) },
  openConfiguration: {
    run: (context, [word]) => openConfiguration(context, typeof word === 'string' ? { word } : {}),
  },
} satisfies Partial<Record<Name, CommandSpec>>
