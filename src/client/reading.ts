import type { Json } from '../session/model.ts'

/** Any JSON object. */
export type Fields = { readonly [key: string]: unknown }

const noFields: Fields = {}

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : noFields
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Text with something in it. */
export function word(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}

export function words(value: unknown): readonly string[] {
  return list(value).filter((item): item is string => typeof item === 'string')
}

/** Reads each item and leaves out those that make no sense. */
export function collect<T>(value: unknown, read: (item: unknown) => T | undefined): readonly T[] {
  return list(value).flatMap((item) => read(item) ?? [])
}

/** An object without its undefined values: optional fields are absent here, never `undefined`. */
export function compact<T extends object>(value: T): Compact<T> {
  const result: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) if (item !== undefined) result[key] = item
  return result as Compact<T>
}

type Compact<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** JSON as it may go to the view: strings cut to `limit`, odd values left out. */
function toJson(value: unknown, limit: number, depth = 0): Json {
  if (typeof value === 'string') return value.length > limit ? `${value.slice(0, limit)}…` : value
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value !== 'object' || value === null || depth > 12) return null
  if (Array.isArray(value)) return value.slice(0, 2_000).map((item) => toJson(item, limit, depth + 1))
  return toJsonObject(value, limit, depth)
}

export function toJsonObject(value: object, limit: number, depth = 0): { readonly [key: string]: Json } {
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__')
  return Object.fromEntries(entries.map(([key, item]) => [key, toJson(item, limit, depth + 1)]))
}

/** The first line, shortened for a card's title. */
export function oneLine(value: string, limit = 400): string {
  const line = value.trim().split(/\r?\n/, 1)[0] ?? ''
  const isWhole = line.length === value.trim().length
  if (line.length > limit) return `${line.slice(0, limit)}…`
  return isWhole ? line : `${line} …`
}
