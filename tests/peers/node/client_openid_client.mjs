// openid-client: finds the server by either discovery document; form-encodes Basic, `-` and `_` too.
import * as client from 'openid-client'
import { asked, granted, method, refused, settings, signingKey } from './peer.mjs'

const methods = {
  basic: client.ClientSecretBasic,
  body: client.ClientSecretPost,
  key: async (pem) => client.PrivateKeyJwt(await signingKey(pem)),
  jwt: client.ClientSecretJwt,
}

try {
  const server = await client.discovery(
    new URL(settings.issuer),
    settings.clientId,
    undefined,
    await method(methods)(settings.clientSecret),
    { algorithm: settings.discovery, execute: [client.allowInsecureRequests] },
  )
  granted(await client.clientCredentialsGrant(server, asked()))
} catch (thrown) {
  // A 401 arrives as its challenge, parsed; the error of RFC 6749 is in the body beside it.
  const challenged = thrown instanceof client.WWWAuthenticateChallengeError
  const error = challenged ? (await thrown.response.json()).error : thrown.error
  refused(error, thrown.status, thrown)
}
