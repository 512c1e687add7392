import { Supervisor } from './supervisor.ts'

const supervisor = new Supervisor(process.stdin, process.stdout, () => process.exit(0))

// It must outlive its host, so it ignores the signals that a closing terminal sends.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined)
process.on('SIGTERM', () => void supervisor.end(true))
process.on('uncaughtException', () => void supervisor.end(true))
process.on('unhandledRejection', () => void supervisor.end(true))
