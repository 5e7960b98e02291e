// What every Node peer shares: its settings, the server's metadata, and the line it prints.

export const settings = {
  issuer: process.env.ISSUER,
  clientId: process.env.CLIENT_ID ?? '',
  clientSecret: process.env.CLIENT_SECRET ?? '',
  scope: process.env.SCOPE ?? '',
  resource: process.env.RESOURCE ?? '',
  auth: process.env.AUTH,
  discovery: process.env.DISCOVERY ?? 'oidc',
  audience: process.env.AUDIENCE ?? '',
}

/** The server's metadata (RFC 8414), for libraries that do not look for it themselves. */
export async function metadata() {
  const response = await fetch(`${settings.issuer}/.well-known/oauth-authorization-server`)
  const found = await response.json()
  if (found.issuer !== settings.issuer) throw new Error(`the metadata names the issuer ${found.issuer}`)
  return found
}

/** What the library calls the way to authenticate that AUTH asks for. */
export function method(methods) {
  if (!methods[settings.auth]) throw new Error(`this library does not offer AUTH=${settings.auth}`)
  return methods[settings.auth]
}

/** The private key of P-256 in a PEM file's text (PKCS #8), to sign assertions with. */
export async function signingKey(pem) {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  return crypto.subtle.importKey('pkcs8', der, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
}

/** The parameters beside grant_type: only those that were asked for. */
export function asked() {
  const parameters = {}
  if (settings.scope) parameters.scope = settings.scope
  if (settings.resource) parameters.resource = settings.resource
  return parameters
}

/** Prints a token and ends well. */
export function granted({ access_token, token_type, expires_in, scope }) {
  console.log(JSON.stringify({ access_token, token_type, expires_in, scope }))
}

/** Prints the server's refusal and ends with 1; anything that is not a refusal is thrown again. */
export function refused(error, status, thrown) {
  if (!error) throw thrown
  console.log(JSON.stringify({ error, status }))
  process.exitCode = 1
}

/** The token on standard input. */
export async function tokenFromInput() {
  let text = ''
  for await (const chunk of process.stdin) text += chunk
  return text.trim()
}

/** Says on standard error why the token is not valid. */
export function invalid(thrown) {
  console.error(`${thrown.name}: ${thrown.message}${thrown.cause ? ` (${JSON.stringify(thrown.cause)})` : ''}`)
  process.exitCode = 1
}
