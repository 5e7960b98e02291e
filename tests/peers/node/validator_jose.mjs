// jose: a remote key set, and the checks of RFC 9068 that a resource server asks of it.
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { invalid, metadata, settings, tokenFromInput } from './peer.mjs'

try {
  const keys = createRemoteJWKSet(new URL((await metadata()).jwks_uri))
  const { payload } = await jwtVerify(await tokenFromInput(), keys, {
    algorithms: ['ES256', 'RS256', 'PS256', 'EdDSA'],
    audience: settings.audience,
    issuer: settings.issuer,
    requiredClaims: ['client_id', 'exp', 'iat', 'jti', 'sub'],
    typ: 'at+jwt',
  })
  console.log(JSON.stringify(payload))
} catch (thrown) {
  invalid(thrown)
}
