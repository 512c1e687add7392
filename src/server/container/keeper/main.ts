import { Keeper } from './keeper.ts'

const keeper = new Keeper(process.stdin, () => process.exit(0))

// It must outlive its window, so it ignores the signals that a closing terminal sends.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined)
process.on('SIGTERM', () => void keeper.end(false))
