// oauth4webapi: introspects a token of its own, plainly and signed, and revokes it; with DPoP it uses one at URL, which asks for a
// nonce.
import * as oauth from 'oauth4webapi'
import { asked, settings } from './peer.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const client = { client_id: settings.clientId }
const auth = oauth.ClientSecretBasic(settings.clientSecret)
const issuer = new URL(settings.issuer)
const discovered = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' })
const server = await oauth.processDiscoveryResponse(issuer, discovered)
const url = process.env.URL
const options = { ...insecure }
if (url) options.DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))

/** Once more if a nonce is asked for: the library remembers it. */
async function again(work) {
  try {
    return await work()
  } catch (thrown) {
    if (!oauth.isDPoPNonceError(thrown)) throw thrown
    return work()
  }
}

const token = await again(async () => {
  const answer = await oauth.clientCredentialsGrantRequest(server, client, auth, asked(), options)
  return oauth.processClientCredentialsResponse(server, client, answer)
})
const told = { token_type: token.token_type }
if (url) {
  const answer = await again(() =>
    oauth.protectedResourceRequest(token.access_token, 'GET', new URL(url), undefined, undefined, options),
  )
  told.status = answer.status
}

async function introspected() {
  const answer = await oauth.introspectionRequest(server, client, auth, token.access_token, insecure)
  return oauth.processIntrospectionResponse(server, client, answer)
}

/** By RFC 9701, its signature checked. */
async function signed() {
  const wanted = { ...client, introspection_signed_response_alg: 'ES256' }
  const answer = await oauth.introspectionRequest(server, wanted, auth, token.access_token, insecure)
  const said = await oauth.processIntrospectionResponse(server, wanted, answer)
  await oauth.validateApplicationLevelSignature(server, answer, insecure)
  return said
}

told.before = await introspected()
told.signed = await signed()
const answer = await oauth.revocationRequest(server, client, auth, token.access_token, insecure)
await oauth.processRevocationResponse(answer)
told.after = await introspected()
console.log(JSON.stringify(told))
