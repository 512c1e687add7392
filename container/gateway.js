// Runs in a container of its own, on the JavaScript runtime that the OpenCode binary carries
// (BUN_BE_BUN=1 opencode gateway.js), between a server without any other network and the world:
//
// - port 4096, published on the loopback of the machine, is passed on to the server;
// - port 3128 is a web proxy for the server that lets through the allowed `host` or `host:port` names alone.
//
// OPENCODE_GATEWAY_ALLOW  names separated by commas; `*.example.com` covers all names below it
// /run/opencode/target    address of the server, written when it is known

import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'

const allowed = (process.env.OPENCODE_GATEWAY_ALLOW ?? '').split(',').map((name) => name.trim().toLowerCase())
const headLimit = 64 * 1024
const connectMs = 15_000

createServer({ pauseOnConnect: true }, (client) => join(client, target(), 4096)).listen(4096, '0.0.0.0')
createServer((client) => readHead(client)).listen(3128, '0.0.0.0')

function target() {
  try {
    return readFileSync('/run/opencode/target', 'utf8').trim()
  } catch {
    return ''
  }
}

/** Collects the first request up to its empty line; what is behind it belongs to the body or tunnel. */
function readHead(client) {
  let received = Buffer.alloc(0)
  client.on('error', () => client.destroy())
  const read = (chunk) => {
    received = Buffer.concat([received, chunk])
    const end = received.indexOf('\r\n\r\n')
    if (end < 0 && received.length < headLimit) return
    client.off('data', read)
    client.pause()
    if (end < 0) return refuse(client, 431, 'Request Header Fields Too Large')
    route(client, received.subarray(0, end).toString('latin1'), received.subarray(end + 4))
  }
  client.on('data', read)
}

function route(client, head, rest) {
  const [first = '', ...fields] = head.split('\r\n')
  const [method = '', address = ''] = first.split(' ')
  const isTunnel = method === 'CONNECT'
  const url = URL.parse(isTunnel ? `https://${address}` : address)
  if (!url || !url.hostname) return refuse(client, 400, 'Bad Request')
  const port = Number(url.port || (isTunnel ? 443 : 80))
  if (!isAllowed(url.hostname.toLowerCase(), port)) {
    console.log(`gateway: refused ${url.hostname}:${port}`)
    return refuse(client, 403, 'Forbidden')
  }
  if (isTunnel)
    return join(client, url.hostname, port, { greeting: 'HTTP/1.1 200 Connection established\r\n\r\n', rest })
  // One request per connection: the next one may ask for another host.
  const kept = fields.filter((field) => !/^(proxy-[\w-]+|connection|keep-alive):/i.test(field))
  const request = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    ...kept,
    'Connection: close',
    '',
    '',
  ].join('\r\n')
  join(client, url.hostname, port, { rest: Buffer.concat([Buffer.from(request, 'latin1'), rest]) })
}

function isAllowed(host, port) {
  return allowed.some((name) => {
    const [pattern, only] = name.split(':')
    if (pattern === '' || (only !== undefined && Number(only) !== port)) return false
    return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
  })
}

/** Joins two sockets until either side ends. */
function join(client, host, port, { greeting, rest } = {}) {
  if (host === '') return client.destroy()
  const upstream = connect({ host, port })
  upstream.setTimeout(connectMs, () => upstream.destroy())
  const end = () => {
    client.destroy()
    upstream.destroy()
  }
  upstream.once('connect', () => {
    upstream.setTimeout(0)
    if (greeting) client.write(greeting)
    if (rest?.length) upstream.write(rest)
    client.pipe(upstream)
    upstream.pipe(client)
    client.resume()
  })
  for (const socket of [client, upstream]) {
    socket.on('error', end)
    socket.on('close', end)
  }
}

function refuse(client, status, reason) {
  client.end(`HTTP/1.1 ${status} ${reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
}
