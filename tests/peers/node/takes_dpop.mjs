// Resource servers that take tokens bound to a key: oauth4webapi and express-oauth2-jwt-bearer. Each is asked with a proof, with the
// proof of another request, and without one.
import { createServer } from 'node:http'
import { auth as bearer } from 'express-oauth2-jwt-bearer'
import * as oauth from 'oauth4webapi'
import { asked, settings } from './peer.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const client = { client_id: settings.clientId }
const issuer = new URL(settings.issuer)
const discovered = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' })
const server = await oauth.processDiscoveryResponse(issuer, discovered)
const keys = await oauth.generateKeyPair('ES256', { extractable: true })

/** What a request's handler says: nothing, or why it refuses. */
const takers = {
  async oauth4webapi(request, url) {
    const received = new Request(url, { method: request.method, headers: request.headers })
    await oauth.validateJwtAccessToken(server, received, settings.resource, { ...insecure, requireDPoP: true })
  },
  express_oauth2_jwt_bearer: (() => {
    const check = bearer({ audience: settings.resource, issuerBaseURL: settings.issuer, strict: true, dpop: { required: true } })
    return (request, url) => {
      const host = url.host
      Object.assign(request, { protocol: 'http', originalUrl: url.pathname, query: {}, is: () => false, host })
      request.get = (name) => request.headers[name.toLowerCase()]
      return new Promise((resolve, reject) => check(request, {}, (thrown) => (thrown ? reject(thrown) : resolve())))
    }
  })(),
}

const listener = createServer(async (request, response) => {
  const url = new URL(request.url, `http://${request.headers.host}`)
  const take = takers[url.pathname.slice(1)]
  try {
    await take(request, url)
    response.statusCode = 200
    response.end()
  } catch (thrown) {
    response.statusCode = 401
    response.end(String(thrown))
  }
}).listen(0, '127.0.0.1')
await new Promise((resolve) => listener.once('listening', resolve))
const base = `http://127.0.0.1:${listener.address().port}`

/** A token; the server asks for a nonce first. */
async function granted(DPoP) {
  const basic = oauth.ClientSecretBasic(settings.clientSecret)
  const ask = async () => {
    const answer = await oauth.clientCredentialsGrantRequest(server, client, basic, asked(), { ...insecure, DPoP })
    return oauth.processClientCredentialsResponse(server, client, answer)
  }
  try {
    return await ask()
  } catch (thrown) {
    if (!oauth.isDPoPNonceError(thrown)) throw thrown
    return ask()
  }
}

const handle = oauth.DPoP(client, keys)
const { access_token: token } = await granted(handle)
const told = {}
for (const taker of Object.keys(takers)) {
  const url = new URL(`${base}/${taker}`)
  let sent
  const keep = { [oauth.customFetch]: (input, init) => ((sent = init.headers), fetch(input, init)) }
  const proven = await oauth
    .protectedResourceRequest(token, 'GET', url, undefined, undefined, { ...insecure, ...keep, DPoP: handle })
    .then((answer) => answer.status, (thrown) => thrown.status ?? thrown.response?.status)
  const again = await fetch(url, { method: 'POST', headers: sent })
  const bare = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  told[taker] = { proven, another_request: again.status, bare: bare.status }
}
listener.close()
console.log(JSON.stringify(told))
