import { connect } from 'node:net'

const patienceMs = 2_000

/** Whether somebody takes a TCP connection at the host and port of an address. */
export function isListening(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url)
  const standardPort = protocol === 'https:' ? 443 : 80
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? standardPort : Number(port),
  })
  return new Promise((resolve) => {
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(patienceMs, () => settle(false))
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
