// oauth4webapi: validates the request a resource server received, by RFC 9068.
import * as oauth from 'oauth4webapi'
import { invalid, settings, tokenFromInput } from './peer.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(settings.issuer)

try {
  const discovered = await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' })
  const server = await oauth.processDiscoveryResponse(issuer, discovered)
  const request = new Request('http://localhost/', { headers: { authorization: `Bearer ${await tokenFromInput()}` } })
  const claims = await oauth.validateJwtAccessToken(server, request, settings.audience, {
    ...insecure,
    signingAlgorithms: ['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'],
  })
  console.log(JSON.stringify(claims))
} catch (thrown) {
  invalid(thrown)
}
