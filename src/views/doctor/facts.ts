import { release } from 'node:os'
import * as vscode from 'vscode'
import type { ClientMetrics, Spread } from '../../client/connection.ts'
import { redact } from '../../client/redact.ts'
import type { DoctorFacts } from '../../opencode/doctor.ts'
import type { Backend } from '../backend/backend.ts'

/** Versions, settings and numbers of a server as this window sees it. What the log's redactor knows is not taken out yet. */
export function factsOf(backend: Backend, extensionVersion: string): readonly DoctorFacts[] {
  return [
    { title: 'Versions', rows: versions(backend, extensionVersion) },
    { title: 'Settings', rows: settings(backend) },
    { title: 'Numbers', rows: numbers(backend.metrics) },
  ]
}

type Rows = DoctorFacts['rows']

function versions({ server: { status } }: Backend, extensionVersion: string): Rows {
  return [
    ['Extension', extensionVersion],
    ['VS Code', `${vscode.version} (${vscode.env.appName})`],
    ['System', `${process.platform} ${process.arch} ${release()}`],
    ['Remote', vscode.env.remoteName ?? 'none'],
    ['Node', process.versions.node],
    ['OpenCode', status.kind === 'running' ? `${status.version}, ${status.origin}` : status.kind],
  ]
}

function settings({ profile }: Backend): Rows {
  const configuration = vscode.workspace.getConfiguration('opencodeSessions')
  const own = vscode.extensions.getExtension('opencode-sessions.opencode-sessions')?.packageJSON as unknown
  return [
    ['Kind of server', profile.kind],
    ...settingNames(own).map(
      (name) => [name, shown(name, configuration.get(name.slice('opencodeSessions.'.length)))] as const,
    ),
  ]
}

function settingNames(manifest: unknown): readonly string[] {
  const properties = (manifest as { contributes?: { configuration?: { properties?: object } } } | undefined)
    ?.contributes?.configuration?.properties
  return Object.keys(properties ?? {})
}

/** Values of environment variables may be keys; their names tell enough. */
function shown(setting: string, value: unknown): string {
  if (value === undefined || value === '') return 'not set'
  const hide = (name: string, item: unknown): unknown =>
    name === 'environment' && typeof item === 'object' && item !== null ? Object.keys(item) : item
  const safe = setting.endsWith('.environment') ? hide('environment', value) : value
  return redact(JSON.stringify(safe, hide))
}

function numbers(metrics: ClientMetrics): Rows {
  const { requests, errors, reconnects, events, eventsPerSecond, bytesIn, bytesOut } = metrics
  return [
    ['Requests', `${requests}, of which ${errors} failed`],
    ['Time of a request', spread(metrics.requestMs)],
    ['Events', `${events}, ${eventsPerSecond.toFixed(1)} per second in the last ten`],
    ['Wait of an event', spread(metrics.lagMs)],
    ['Reconnections', String(reconnects)],
    ['Sent and received', `${kilobytes(bytesOut)} and ${kilobytes(bytesIn)}, without events`],
  ]
}

function spread(value: Spread | undefined): string {
  return value
    ? `half within ${milliseconds(value.p50)} (p50), 95 of 100 within ${milliseconds(value.p95)} (p95)`
    : 'none yet'
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`
}
