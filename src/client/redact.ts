const bodyLimit = 2_000

const patterns: readonly (readonly [RegExp, string])[] = [
  [
    /\b(authorization|proxy-authorization|x-api-key|api-key|cookie|set-cookie)("?\s*[:=]\s*"?)[^"\r\n,}]+/gi,
    '$1$2***',
  ],
  [/("?(?:api_?key|key|token|access|refresh|secret|password)"?\s*[:=]\s*")[^"]*(")/gi, '$1***$2'],
  [/\b(Basic|Bearer)\s+[\w+/=.~-]+/gi, '$1 ***'],
  [/\b(sk|pk|rk|ghp|gho|ghs|xox[abp]|AIza|key)[-_][\w-]{8,}/g, '***'],
  [/(\/\/)[^/\s:@"]*:[^/\s@"]*@/g, '$1***@'],
  [/([?&](?:auth_token|token|key|api_key|password)=)[^&\s"]+/gi, '$1***'],
]

/**
 * Text of a server or a library, fit for a log or an error: without what looks like a credential, without
 * the given secrets (also in base64), and cut to a few thousand characters.
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let clean = text.slice(0, 4 * bodyLimit)
  for (const secret of secrets) {
    if (secret.length < 3) continue
    clean = clean.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***')
  }
  for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement)
  return clean.length > bodyLimit ? `${clean.slice(0, bodyLimit)}…` : clean
}
