import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Certificates {
  readonly ca: string
  readonly key: string
  readonly cert: string
  /** Of a client, by the same authority; its key needs `clientPassphrase`. */
  readonly client: { readonly key: string; readonly cert: string }
}

export const clientPassphrase = 'passphrase-of-the-test'

/** A certificate authority of the test's own, and a server certificate for 127.0.0.1 and the given name. */
export async function makeCertificates(name: string): Promise<Certificates> {
  const folder = await mkdtemp(path.join(tmpdir(), 'opencode-tls-'))
  const at = (file: string): string => path.join(folder, file)
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  try {
    await openssl(
      'req',
      '-x509',
      ...newKey,
      '-subj',
      '/CN=Test CA',
      '-keyout',
      at('ca.key'),
      '-out',
      at('ca.pem'),
    )
    await openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', at('key.pem'), '-out', at('req.pem'))
    await writeFile(at('ext.cnf'), `subjectAltName=DNS:${name},IP:127.0.0.1\n`)
    const authority = [
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
      '-extfile',
      at('ext.cnf'),
    ]
    await openssl('x509', '-req', '-in', at('req.pem'), '-days', '2', ...authority, '-out', at('cert.pem'))
    const locked = newKey.filter((option) => option !== '-nodes')
    const secret = ['-passout', `pass:${clientPassphrase}`]
    await openssl(
      'req',
      ...locked,
      ...secret,
      '-subj',
      '/CN=client',
      '-keyout',
      at('client.key'),
      '-out',
      at('client.req'),
    )
    const byAuthority = authority.slice(0, 5)
    await openssl(
      'x509',
      '-req',
      '-in',
      at('client.req'),
      '-days',
      '2',
      ...byAuthority,
      '-out',
      at('client.pem'),
    )
    const read = (file: string): Promise<string> => readFile(at(file), 'utf8')
    return {
      ca: await read('ca.pem'),
      key: await read('key.pem'),
      cert: await read('cert.pem'),
      client: { key: await read('client.key'), cert: await read('client.pem') },
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
