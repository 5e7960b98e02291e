// openid-client: finds the server by either discovery document; form-encodes Basic, `-` and `_` too.
import * as client from 'openid-client'
import { asked, granted, method, refused, settings } from './peer.mjs'

const methods = { basic: client.ClientSecretBasic, body: client.ClientSecretPost }

try {
  const server = await client.discovery(
    new URL(settings.issuer),
    settings.clientId,
    undefined,
    method(methods)(settings.clientSecret),
    { algorithm: settings.discovery, execute: [client.allowInsecureRequests] },
  )
  granted(await client.clientCredentialsGrant(server, asked()))
} catch (thrown) {
  // A 401 arrives as its challenge, parsed; the error of RFC 6749 is in the body beside it.
  const challenged = thrown instanceof client.WWWAuthenticateChallengeError
  const error = challenged ? (await thrown.response.json()).error : thrown.error
  refused(error, thrown.status, thrown)
}
