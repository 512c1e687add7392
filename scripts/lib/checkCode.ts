import { inRepository } from './repository.ts'
import { runForCode } from './run.ts'

/** Types, lint and format, all three even when one fails. */
export async function checkCode(): Promise<boolean> {
  const steps = [
    ['types', 'typescript/bin/tsc', '-b'],
    ['lint', 'eslint/bin/eslint.js', '--max-warnings', '0', '.'],
    ['format', 'prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  ] as const
  let isGood = true
  for (const [name, program, ...args] of steps) {
    console.log(`Checking ${name} …`)
    const { code } = await runForCode(process.execPath, [inRepository('node_modules', program), ...args])
    if (code !== 0) isGood = false
  }
  console.log(isGood ? 'Types, lint and format are fine.' : 'The check failed.')
  return isGood
}
