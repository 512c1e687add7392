// Runs `scripts/tasks/<task>.ts` under the Node that package.json pins, after installing what is missing.
// Plain JavaScript for Node 18 and later, because it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const windows = process.platform === 'win32'

/** What each task needs from the system; all of it comes from npm where nothing is named. */
const browserTools = ['git', 'rg', 'chromium']
const systemNeeds = {
  start: browserTools,
  test: browserTools,
  'test:unit': browserTools,
  'test:host': browserTools,
  'test:e2e': browserTools,
  'test:contract': ['git', 'rg'],
  'test:container': browserTools,
  bench: browserTools,
  screenshots: browserTools,
  build: [],
  check: [],
  package: [],
}

const fonts = ['fonts-dejavu', 'fonts-liberation', 'fonts-noto-color-emoji']
const debianPackages = {
  git: ['git'],
  rg: ['ripgrep'],
  chromium: ['chromium', ...fonts],
  kubectl: ['kubernetes-client'],
}
/** What tests use where it is there; a machine made for tests gets it. */
const wishes = { test: ['kubectl'], 'test:unit': ['kubectl'], 'test:container': ['kubectl'] }
const browsers = {
  linux: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
}

const [task, ...taskArguments] = process.argv.slice(2)
if (!(task in systemNeeds)) fail(`Unknown task "${task}". Known: ${Object.keys(systemNeeds).join(', ')}.`)
installNodeModules()
installSystemTools(systemNeeds[task])
installWishes(wishes[task] ?? [])
runTask()

function installNodeModules() {
  const reason = staleReason()
  if (reason === undefined) return
  console.log(`Installing packages (${reason}) …`)
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
    shell: windows,
  })
  if (result.error) fail('npm was not found. Install Node.js 18 or later with npm.')
  if (result.status !== 0) fail('npm ci failed; see its messages above.')
  const left = staleReason()
  if (left !== undefined)
    fail(`The installation is not complete: ${left}. Remove node_modules and try again.`)
}

/** Why node_modules does not fit package-lock.json, or `undefined` when it does. */
function staleReason() {
  const installed = readLock('node_modules/.package-lock.json')
  if (installed === undefined) return 'node_modules is missing'
  const wanted = readLock('package-lock.json') ?? {}
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === '') continue
    const present = installed[name]
    if (present === undefined && entry.optional !== true) return `${name} is missing`
    if (present !== undefined && present.version !== entry.version)
      return `${name} should be ${entry.version}`
  }
  if (!existsSync(pinnedNode())) return 'the pinned Node is missing'
  return isInstalled('opencode-ai', 'bin', 'opencode.exe') ? undefined : 'the opencode executable is missing'
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8')).packages
  } catch {
    return undefined
  }
}

/** The published package holds a small placeholder until its install script has run. */
function isInstalled(...parts) {
  const file = path.join(root, 'node_modules', ...parts)
  return existsSync(file) && statSync(file).size > 1_000_000
}

function pinnedNode() {
  return path.join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node')
}

function installSystemTools(tools) {
  const missing = tools.filter((tool) => !hasTool(tool))
  if (missing.length === 0) return
  const packages = missing.flatMap((tool) => debianPackages[tool])
  const isRoot = process.getuid?.() === 0
  if (isRoot && onPath('apt-get')) {
    console.log(`Installing Debian packages: ${packages.join(' ')} …`)
    aptInstall(packages)
  }
  const left = tools.filter((tool) => !hasTool(tool))
  if (left.length > 0) fail(advice(left))
}

function installWishes(tools) {
  const isTestMachine = process.env.CI === 'true' || process.env.OPENCODE_TEST_MACHINE === '1'
  const missing = tools.filter((tool) => !hasTool(tool))
  if (missing.length === 0 || !isTestMachine || process.getuid?.() !== 0 || !onPath('apt-get')) return
  console.log(`Installing Debian packages: ${missing.flatMap((tool) => debianPackages[tool]).join(' ')} …`)
  aptInstall(missing.flatMap((tool) => debianPackages[tool]))
}

function aptInstall(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const quiet = { env, stdio: ['ignore', 'ignore', 'inherit'] }
  spawnSync('apt-get', ['update', '-q'], quiet)
  spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], quiet)
}

function advice(tools) {
  const names = tools.map(
    (tool) => ({ git: 'git', rg: 'ripgrep (rg)', chromium: 'Chromium or Chrome' })[tool],
  )
  const packages = tools.flatMap((tool) => debianPackages[tool])
  const how = onPath('apt-get') ? ` with: sudo apt-get install ${packages.join(' ')}` : ''
  return `Please install ${names.join(', ')}${how}${tools.includes('chromium') ? ', or set CHROME_PATH to a browser' : ''}.`
}

function hasTool(tool) {
  if (tool !== 'chromium') return onPath(tool)
  if (process.env.CHROME_PATH) return existsSync(process.env.CHROME_PATH)
  return (browsers[process.platform] ?? browsers.linux).some((name) =>
    path.isAbsolute(name) ? existsSync(name) : onPath(name),
  )
}

function onPath(name) {
  const extensions = windows ? ['.exe', '.cmd'] : ['']
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  return folders.some((folder) =>
    extensions.some((extension) => existsSync(path.join(folder, name + extension))),
  )
}

function runTask() {
  const file = path.join(
    root,
    'scripts',
    'tasks',
    `${task.replace(/:(\w)/, (_, letter) => letter.toUpperCase())}.ts`,
  )
  const bin = path.join(root, 'node_modules', '.bin')
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` }
  const flags = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON']
  const child = spawn(pinnedNode(), [...flags, file, ...taskArguments], {
    cwd: process.cwd(),
    env,
    stdio: 'inherit',
  })
  // A terminal sends Ctrl+C to the child as well; either way it needs its time to stop what it started.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // The shell between npm and us does not pass signals on; when it is gone, so is our user.
  const parent = process.ppid
  setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 1000).unref()
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1))
}

function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
