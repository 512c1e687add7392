/** 1-based line of a key of a JSON file; undefined when there is none. */
export function lineOf(text: string, key: string): number | undefined {
  const index = text.split('\n').findIndex((line) => line.includes(`${JSON.stringify(key)}:`))
  return index < 0 ? undefined : index + 1
}
