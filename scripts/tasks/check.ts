import { checkCode } from '../lib/checkCode.ts'

process.exitCode = (await checkCode()) ? 0 : 1
