import type { ClientMetrics } from './connection.ts'

/** Counts of one connection; the only writer is the client itself. */
export class Metrics implements ClientMetrics {
  requests = 0
  errors = 0
  reconnects = 0
  events = 0
  bytesIn = 0
}
