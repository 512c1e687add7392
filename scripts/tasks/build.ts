import { bundle, firstScriptSize } from '../lib/bundle.ts'

await bundle({ production: true })
console.log(`Built dist; the page loads ${String(Math.round((await firstScriptSize()) / 1024))} KiB at once.`)
