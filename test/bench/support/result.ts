/** One table of a benchmark. Figures belong to one machine and moment: compare ratios within one run. */
export interface BenchResult {
  readonly title: string
  /** What was done and between which moments it was measured. */
  readonly note: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** Produces its tables; starts and stops all it needs by itself. */
export interface Bench {
  readonly name: string
  run(): Promise<BenchResult>
}

/** Milliseconds that a fixed piece of work takes here and now; slow moments of the machine show in it. */
export function cpuReference(): number {
  const start = performance.now()
  let value = 1
  for (let index = 0; index < 60_000_000; index += 1) value = (value * 1_103_515_245 + index) & 0x7fffffff
  // The result is used, so that the loop cannot be dropped.
  return performance.now() - start + (value === -1 ? 1 : 0)
}

/** The value below which that share of the numbers lies; 0 for no numbers. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

export function toMarkdown({ title, note, columns, rows }: BenchResult): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.map(toCell).join(' | ')} |`
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'))
  return [`## ${title}`, '', note, '', line(columns), line(rule), ...rows.map(line), ''].join('\n')
}

function toCell(value: string | number): string {
  if (typeof value === 'string') return value
  return Number.isInteger(value) || Math.abs(value) >= 100 ? String(Math.round(value)) : value.toFixed(1)
}
