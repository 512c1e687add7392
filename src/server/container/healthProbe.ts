import { request } from 'node:http'
import type { Endpoint } from '../../client/connection.ts'

export type ProbeResult = 'healthy' | 'refused-login' | 'silent'

/**
 * Asks once whether a server is healthy. It has its own short time limit, because a published port accepts
 * connections before the server listens, and a starting server may never answer its first request.
 */
export function probeHealth(endpoint: Endpoint, timeoutMs = 1000): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const asked = request(`${endpoint.url}/global/health`, {
      auth: `${endpoint.username}:${endpoint.password}`,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    })
    asked.on('response', (response) => {
      response.resume()
      response.on('error', () => resolve('silent'))
      const isJson = (response.headers['content-type'] ?? '').includes('json')
      if (response.statusCode === 401) resolve('refused-login')
      else resolve(response.statusCode === 200 && isJson ? 'healthy' : 'silent')
    })
    asked.on('error', () => resolve('silent'))
    asked.end()
  })
}
