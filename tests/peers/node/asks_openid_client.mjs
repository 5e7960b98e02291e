// openid-client: introspects and revokes a token of its own; with DPoP it uses one at URL, which asks for a nonce.
import * as client from 'openid-client'
import { asked, settings } from './peer.mjs'

const server = await client.discovery(
  new URL(settings.issuer),
  settings.clientId,
  undefined,
  client.ClientSecretBasic(settings.clientSecret),
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
)
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
await client.tokenRevocation(server, token.access_token)
told.after = await client.tokenIntrospection(server, token.access_token)
console.log(JSON.stringify(told))
