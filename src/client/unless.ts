import { OpencodeError } from '../opencode/errors.ts'
import type { ErrorCode } from '../opencode/errors.ts'

/** Undefined instead of an error of one kind. */
export async function unless<T>(code: ErrorCode, promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof OpencodeError && error.code === code) return undefined
    throw error
  }
}
