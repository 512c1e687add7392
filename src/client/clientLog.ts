/** Lines of the log; never a header or password, and a body only at level "trace", without what looks secret. */
export interface ClientLog {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  /** Called back only where such lines are wanted at all. */
  trace?(message: () => string): void
  /** A line that a server of ours printed, without secrets; goes to `debug` where there is no place for it. */
  output?(line: string): void
}
