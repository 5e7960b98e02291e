// openid-client: exchanges a token of its own for another one (RFC 8693), and introspects that.
import * as client from 'openid-client'
import { asked, settings } from './peer.mjs'

const server = await client.discovery(
  new URL(settings.issuer),
  settings.clientId,
  undefined,
  client.ClientSecretBasic(settings.clientSecret),
  { algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
)
const token = await client.clientCredentialsGrant(server, asked())
const exchanged = await client.genericGrantRequest(server, 'urn:ietf:params:oauth:grant-type:token-exchange', {
  ...asked(),
  subject_token: token.access_token,
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
})
console.log(
  JSON.stringify({
    issued_token_type: exchanged.issued_token_type,
    is_new: exchanged.access_token !== token.access_token,
    introspected: await client.tokenIntrospection(server, exchanged.access_token),
  }),
)
