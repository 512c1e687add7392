import type { ServerPlace } from './paths/pathMap.ts'

/** Where a server works, in its own words: never translated. */
export interface ServerPlaces {
  /** The directory that the server was started in. */
  own(): Promise<ServerPlace>
  /** A directory of the server with the root of its git work tree. It need not exist there. */
  of(directory: string): Promise<ServerPlace>
}
