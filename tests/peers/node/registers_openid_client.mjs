// openid-client: registers itself with an initial access token (RFC 7591), then gets a token as what it was told it is.
import * as client from 'openid-client'
import { asked, settings } from './peer.mjs'

const server = await client.dynamicClientRegistration(
  new URL(settings.issuer),
  { client_name: 'openid-client', grant_types: ['client_credentials'], response_types: [], scope: settings.scope },
  undefined,
  { initialAccessToken: settings.clientSecret, algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
)
const { client_id, client_name, scope, registration_client_uri, registration_access_token } = server.clientMetadata()
const token = await client.clientCredentialsGrant(server, asked())
const read = await fetch(registration_client_uri, { headers: { authorization: `Bearer ${registration_access_token}` } })
console.log(JSON.stringify({ client_id, client_name, scope, granted: token.scope, read: (await read.json()).client_id }))
