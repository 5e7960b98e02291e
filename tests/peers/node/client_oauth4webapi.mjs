// oauth4webapi: RFC 8414 discovery, strict about media types; form-encodes Basic, `-` and `_` too.
import * as oauth from 'oauth4webapi'
import { asked, granted, method, refused, settings, signingKey } from './peer.mjs'

const methods = {
  basic: oauth.ClientSecretBasic,
  body: oauth.ClientSecretPost,
  key: async (pem) => oauth.PrivateKeyJwt(await signingKey(pem)),
  jwt: oauth.ClientSecretJwt,
}
const insecure = { [oauth.allowInsecureRequests]: true }
const client = { client_id: settings.clientId }
const issuer = new URL(settings.issuer)

try {
  const discovered = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' })
  const server = await oauth.processDiscoveryResponse(issuer, discovered)
  const answer = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    await method(methods)(settings.clientSecret),
    asked(),
    insecure,
  )
  granted(await oauth.processClientCredentialsResponse(server, client, answer))
} catch (thrown) {
  // A 401 arrives as its challenge, parsed; the error of RFC 6749 is in the body beside it.
  const challenged = thrown instanceof oauth.WWWAuthenticateChallengeError
  const error = challenged ? (await thrown.response.json()).error : thrown.error
  refused(error, thrown.status, thrown)
}
