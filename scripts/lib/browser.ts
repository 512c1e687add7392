import { existsSync } from 'node:fs'
import path from 'node:path'
import { chromium, type Browser } from 'playwright-core'

/** Starts a headless (unless told) Chromium or Chrome of this machine with a fresh profile. */
export function launchBrowser(options: { headless?: boolean } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: findBrowser(),
    headless: options.headless ?? true,
    args: browserFlags(),
  })
}

/** Path of a Chromium-like browser; `CHROME_PATH` wins. @throws when there is none. */
function findBrowser(): string {
  const found = candidates().find((candidate) => existsSync(candidate))
  if (found === undefined) throw new Error('No Chromium or Chrome was found. Install one or set CHROME_PATH.')
  return found
}

function candidates(): string[] {
  const own = process.env['CHROME_PATH']
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']
  const onPath = names.flatMap((name) => folders.map((folder) => path.join(folder, name)))
  return [...(own === undefined ? [] : [own]), ...onPath, ...installed]
}

const installed = [
  '/usr/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

function browserFlags(): string[] {
  const quiet = [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
  // Chromium's sandbox refuses to run as root.
  return process.getuid?.() === 0 ? ['--no-sandbox', ...quiet] : quiet
}
