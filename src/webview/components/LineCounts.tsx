import { formatNumber } from './format.ts'

/** Lines that came and went, in the colours of the theme. */
export function LineCounts({
  counts: { additions, deletions },
}: {
  readonly counts: { readonly additions: number; readonly deletions: number }
}) {
  return (
    <span class="changes">
      {additions > 0 || deletions === 0 ? <span class="added">+{formatNumber(additions)}</span> : undefined}
      {deletions > 0 ? <span class="removed">−{formatNumber(deletions)}</span> : undefined}
    </span>
  )
}
