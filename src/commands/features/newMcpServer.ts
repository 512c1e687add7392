import type { NewMcpServer } from '../../client/serverFeatures.ts'

/** A command is split at blanks; quoted parts stay whole. */
export function toServer(text: string): NewMcpServer {
  if (/^https?:\/\//i.test(text)) return { kind: 'remote', url: text }
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
  return { kind: 'local', command: words.map(([, double, single, plain]) => double ?? single ?? plain ?? '') }
}
