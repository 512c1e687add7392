// Bundles into dist/: extension.js, supervisor.js and keeper.js for Node, webview.js + webview.css for the chat's page,
// doctor.js + doctor.css for the Doctor's, the codicon font.
//
//   node esbuild.js [--production] [--watch]
//
// The page is an ES module with code splitting: heavy parts behind `import()` become `dist/webview-*.js` and load on
// first use. The host part must therefore write `<script type="module" nonce="…" src="…/webview.js">` and allow
// `script-src 'nonce-…' ${webview.cspSource}`, with `dist` among the `localResourceRoots`.
'use strict'

const { mkdir, readdir, readFile, rm, writeFile, copyFile } = require('node:fs/promises')
const path = require('node:path')
const esbuild = require('esbuild')
const { leanMermaid } = require('./scripts/lib/leanMermaid.cjs')

const isProduction = process.argv.includes('--production')
const isWatching = process.argv.includes('--watch')
const dist = path.join(__dirname, 'dist')

main().catch((error) => {
  // esbuild has already shown its own errors.
  if (!Array.isArray(error.errors)) console.error(error)
  process.exitCode = 1
})

async function main() {
  await mkdir(dist, { recursive: true })
  await copyCodicons()
  const bundles = {
    extension: extensionBundle(),
    supervisor: programBundle('supervisor', 'src/server/process/supervisor/main.ts'),
    keeper: programBundle('keeper', 'src/server/container/keeper/main.ts'),
    webview: webviewBundle(),
    doctor: doctorBundle(),
  }
  if (isWatching) return watch(bundles)
  await build(bundles)
}

async function build(bundles) {
  const names = Object.keys(bundles)
  const results = await Promise.all(names.map((name) => esbuild.build(bundles[name])))
  const meta = Object.fromEntries(names.map((name, index) => [name, results[index].metafile]))
  checkUndici(meta.extension)
  await writeFile(path.join(dist, 'meta.json'), JSON.stringify(meta))
  await removeOldFiles(meta)
}

/** Chunks carry a hash in their name. They go last, so that a window that is open meanwhile finds all it needs. */
async function removeOldFiles(meta) {
  const outputs = Object.values(meta).flatMap(({ outputs }) =>
    Object.keys(outputs).map((output) => path.basename(output)),
  )
  const wanted = new Set([...outputs, 'meta.json', 'codicon.css', 'codicon.ttf'])
  const old = (await readdir(dist)).filter((name) => !wanted.has(name))
  await Promise.all(old.map((name) => rm(path.join(dist, name), { recursive: true, force: true })))
}

async function watch(bundles) {
  for (const options of Object.values(bundles)) {
    const context = await esbuild.context({ ...options, logLevel: 'info' })
    await context.watch()
  }
}

function common() {
  return {
    absWorkingDir: __dirname,
    bundle: true,
    minify: isProduction,
    sourcemap: isProduction ? false : 'linked',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    outdir: 'dist',
  }
}

function extensionBundle() {
  return {
    ...common(),
    entryPoints: [{ in: 'src/extension.ts', out: 'extension' }],
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    plugins: [privateUndici],
  }
}

/** A program of its own beside the extension, run by the editor's Node. */
function programBundle(name, source) {
  return {
    ...common(),
    entryPoints: [{ in: source, out: name }],
    platform: 'node',
    format: 'cjs',
    target: 'node22',
  }
}

function webviewBundle() {
  return {
    ...pageBundle(),
    entryPoints: [{ in: 'src/webview/main.tsx', out: 'webview' }],
    chunkNames: 'webview-[name]-[hash]',
    splitting: true,
    plugins: [leanMermaid],
  }
}

function doctorBundle() {
  return { ...pageBundle(), entryPoints: [{ in: 'src/webview/doctor/main.tsx', out: 'doctor' }] }
}

function pageBundle() {
  return {
    ...common(),
    platform: 'browser',
    format: 'esm',
    target: ['es2023', 'chrome138'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { 'process.env.NODE_ENV': '"production"' },
  }
}

const undiciSlot = path.join('node_modules', 'undici', 'lib', 'global.js')

/** Loading undici writes its dispatcher on `globalThis`, where the `fetch` of every other extension reads it: docs/adr/0003. */
const privateUndici = {
  name: 'private-undici',
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/]undici[\\/]lib[\\/]global\.js$/ }, () => ({
      contents: undiciStub,
      loader: 'js',
    }))
  },
}

const undiciStub = `
const Agent = require('./dispatcher/agent')
let dispatcher
exports.setGlobalDispatcher = (agent) => { dispatcher = agent }
exports.getGlobalDispatcher = () => (dispatcher ??= new Agent())
exports.installedExports = []
`

/** An update of undici may move the module that the plugin replaces; the build must then fail, not leak. */
function checkUndici(meta) {
  const inputs = Object.entries(meta.inputs).map(([input, { bytes }]) => [path.normalize(input), bytes])
  const stub = inputs.find(([input]) => input.endsWith(undiciSlot))
  if (stub?.[1] !== Buffer.byteLength(undiciStub))
    throw new Error(`${undiciSlot} is not replaced in the bundle.`)
}

async function copyCodicons() {
  const source = path.join(__dirname, 'node_modules', '@vscode', 'codicons', 'dist')
  const css = await readFile(path.join(source, 'codicon.css'), 'utf8')
  const { code } = await esbuild.transform(css.replace(/codicon\.ttf\?\w+/, 'codicon.ttf'), {
    loader: 'css',
    minify: true,
  })
  await writeFile(path.join(dist, 'codicon.css'), code)
  await copyFile(path.join(source, 'codicon.ttf'), path.join(dist, 'codicon.ttf'))
}
