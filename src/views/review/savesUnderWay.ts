/** What stood on the disk before each save that is going on, of files that an agent may be changing as well. */
export class SavesUnderWay {
  readonly #isRecording: (path: string) => boolean
  readonly #read: (path: string) => Promise<Buffer | undefined>
  readonly #before = new Map<string, Promise<Buffer | undefined>>()

  /** @param read the bytes of a file; undefined where there is none */
  constructor(isRecording: (path: string) => boolean, read: (path: string) => Promise<Buffer | undefined>) {
    this.#isRecording = isRecording
    this.#read = read
  }

  /** A save that failed has no end: what it left says nothing of the next one, nor of a later run. */
  begin(path: string): void {
    for (const known of this.#before.keys())
      if (known === path || !this.#isRecording(known)) this.#before.delete(known)
    if (this.#isRecording(path)) this.#before.set(path, this.#read(path))
  }

  /** What stood there before; undefined when nobody needs to know. */
  end(path: string): Promise<Buffer | undefined> | undefined {
    const before = this.#before.get(path)
    this.#before.delete(path)
    return before
  }
}
