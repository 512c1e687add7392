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
}

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
    const [ca, key, cert] = await Promise.all(
      ['ca.pem', 'key.pem', 'cert.pem'].map((file) => readFile(at(file), 'utf8')),
    )
    return { ca: ca ?? '', key: key ?? '', cert: cert ?? '' }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
