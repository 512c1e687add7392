import type { ContainerSettings, ImageSource } from '../../src/server/container/containerSettings.ts'

/** Settings for a workspace with nothing set. */
export function defaultSettings(workspace: string, image: ImageSource): ContainerSettings {
  return {
    workspace,
    image,
    network: { kind: 'default' },
    user: 'outside',
    mounts: [],
    environment: {},
    isReadOnly: false,
  }
}
