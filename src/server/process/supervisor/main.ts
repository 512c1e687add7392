import { Supervisor } from './supervisor.ts'

const supervisor = new Supervisor(() => process.exit(0))

// It must outlive its host, so it ignores the signals that a closing terminal sends, and a closed stderr.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined)
process.stderr.on('error', () => undefined)
process.on('SIGTERM', () => void supervisor.end({ withFarewell: true }))
process.on('uncaughtException', () => void supervisor.end({ withFarewell: true }))
process.on('unhandledRejection', () => void supervisor.end({ withFarewell: true }))

supervisor.attach(process.stdin, process.stdout)
