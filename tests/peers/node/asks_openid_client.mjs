// openid-client: introspects a token of its own, plainly and signed, and revokes it; with DPoP it uses one at URL, which asks for a
// nonce.
import * as client from 'openid-client'
import { asked, settings } from './peer.mjs'

/** The server, to a client with this metadata of its own. */
function discovered(metadata, ...execute) {
  return client.discovery(
    new URL(settings.issuer),
    settings.clientId,
    metadata,
    client.ClientSecretBasic(settings.clientSecret),
    { algorithm: 'oauth2', execute: [client.allowInsecureRequests, ...execute] },
  )
}

const server = await discovered()
// By RFC 9701, the signature checked.
const signing = await discovered({ introspection_signed_response_alg: 'ES256' }, client.enableNonRepudiationChecks)
const url = process.env.URL
const options = {}
if (url) {
  options.DPoP = client.getDPoPHandle(server, await client.randomDPoPKeyPair('ES256'))
}
const token = await client.clientCredentialsGrant(server, asked(), options)
const told = { token_type: token.token_type }
if (url) {
  const ask = () => client.fetchProtectedResource(server, token.access_token, new URL(url), 'GET', undefined, undefined, options)
  told.status = (await ask()).status
}
told.before = await client.tokenIntrospection(server, token.access_token)
told.signed = await client.tokenIntrospection(signing, token.access_token)
await client.tokenRevocation(server, token.access_token)
told.after = await client.tokenIntrospection(server, token.access_token)
console.log(JSON.stringify(told))
