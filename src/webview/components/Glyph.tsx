/** The product's mark in one colour: a prompt inside a frame. */
export function Glyph() {
  return (
    <svg class="glyph" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">
      <path d="M10 6h28a4 4 0 0 1 4 4v28a4 4 0 0 1-4 4H10a4 4 0 0 1-4-4V10a4 4 0 0 1 4-4z" />
      <path d="M15 17l8 7-8 7M26 31h8" />
    </svg>
  )
}
