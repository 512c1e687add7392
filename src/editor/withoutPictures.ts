/**
 * An answer whose pictures are words and a link. VS Code would ask for their address at once, and who got the model to
 * write it would learn what stands in it. Code may hold the same signs: nothing is done where no address follows.
 */
export function withoutPictures(markdown: string): string {
  return /\]\s*[[(:]/.test(markdown) ? markdown.replaceAll('![', '\\![') : markdown
}
