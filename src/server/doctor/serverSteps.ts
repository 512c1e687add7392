import { connect } from '../../client/connect.ts'
import type { ServerEvent } from '../../client/connection.ts'
import { isLoopbackHost } from '../../client/endpoint.ts'
import { mapPaths } from '../../client/paths/mappedConnection.ts'
import { type DoctorFinding, findingOf } from '../../opencode/doctor.ts'
import { type ErrorInfo, OpencodeError, toErrorInfo } from '../../opencode/errors.ts'
import { cautionAbout } from '../../opencode/version.ts'
import type { Findings } from './findings.ts'
import { isListening } from '../isListening.ts'

export async function lookAtProgram({ patient }: Findings, signal: AbortSignal): Promise<DoctorFinding> {
  if (!patient.findProgram) {
    return { verdict: 'skipped', text: 'Somebody else runs this server, so no program is needed here.' }
  }
  return { verdict: 'pass', text: await patient.findProgram(signal) }
}

export async function lookAtStart(findings: Findings, signal: AbortSignal): Promise<DoctorFinding> {
  const server = await findings.patient.open(signal)
  await findings.setServer(server)
  const { url } = server.endpoint
  switch (server.how) {
    case 'found':
      return { verdict: 'pass', text: `It runs at ${url}.` }
    case 'started':
      return { verdict: 'pass', text: `It started at ${url}, just for this examination.` }
    case 'foreign':
      return { verdict: 'skipped', text: `Somebody else runs it; we connect to ${url}.` }
  }
}

/** A server that is still starting never answers its first request, hence the second one. */
export async function lookAtHealth(findings: Findings, signal: AbortSignal): Promise<DoctorFinding> {
  const { probe, answerMs } = findings
  const ask = async (timeoutMs: number): Promise<string> =>
    (await probe.identify({ timeoutMs, signal })).version
  try {
    const version = await ask(answerMs / 5).catch((error: unknown) => {
      if (error instanceof OpencodeError && error.code === 'timeout') return ask(answerMs)
      throw error
    })
    const caution = cautionAbout(version)
    const text = `OpenCode ${version} answers.`
    return { verdict: 'pass', text: caution === undefined ? text : `${text} ${caution}` }
  } catch (error) {
    const info = toErrorInfo(error)
    if (info.code !== 'unauthorized' && info.code !== 'forbidden') return explainSilence(findings, info)
    findings.refusal = info
    return { verdict: 'pass', text: 'It answers, and asks for a login.' }
  }
}

/** "Did not answer in time" alone leaves open whether there is anybody at all. */
async function explainSilence({ server }: Findings, info: ErrorInfo): Promise<DoctorFinding> {
  const { url, proxy } = server.endpoint
  if (info.code !== 'timeout' || proxy !== undefined) return findingOf(info)
  const text = (await isListening(url))
    ? `${url} takes connections and never answers. What listens there hangs, or is no web server; restart it.`
    : `Nothing can be reached at ${url}: connections get no answer at all. Check the address, and firewalls or VPN on the way.`
  return findingOf({ ...info, message: text }, ['restartServer', 'connectToServer', 'showServerLog'])
}

export async function lookAtAuthentication(
  { server, probe, refusal, answerMs }: Findings,
  signal: AbortSignal,
): Promise<DoctorFinding> {
  if (refusal) return findingOf(refusal, ['connectToServer'])
  const { url, password } = server.endpoint
  if (await probe.isOpenToAll({ timeoutMs: answerMs, signal })) {
    const reason =
      password === '' ? 'It has no password' : 'It does not check its password (very old versions did not)'
    return {
      verdict: 'warn',
      text: `${reason}: anybody who reaches ${url} can run commands as its user. Set OPENCODE_SERVER_PASSWORD where it is started.`,
      remedies: ['connectToServer'],
    }
  }
  const { protocol, hostname } = new URL(url)
  if (protocol === 'http:' && !isLoopbackHost(hostname)) {
    return {
      verdict: 'warn',
      text: 'It takes our login and refuses strangers, but password, code and answers travel unencrypted. Use https where you can.',
    }
  }
  return { verdict: 'pass', text: 'It takes our login and refuses strangers.' }
}

export async function lookAtEvents(findings: Findings, signal: AbortSignal): Promise<DoctorFinding> {
  const { patient, server, answerMs } = findings
  const { log } = patient
  const connection = await connect(server.endpoint, { log, signal, timeoutMs: answerMs })
  findings.setConnection(mapPaths(connection, server.endpoint.pathRules))
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(), answerMs)
  try {
    const events = connection.events(AbortSignal.any([signal, ending.signal]))
    const first = await firstOf(events)
    if (first?.kind === 'up') return { verdict: 'pass', text: 'It opens, and the first event came.' }
    if (signal.aborted) throw new OpencodeError('aborted', 'Cancelled.')
    if (first?.kind === 'down') return findingOf(toErrorInfo(first.error))
    return {
      verdict: 'fail',
      text: 'No event came in time. A proxy on the way may hold answers back until they are complete; make it pass on text/event-stream at once.',
      remedies: [patient.settingsRemedy, 'showLog'],
    }
  } finally {
    clearTimeout(timer)
    ending.abort()
  }
}

async function firstOf(events: AsyncIterable<ServerEvent>): Promise<ServerEvent | undefined> {
  for await (const event of events) return event
  return undefined
}
