// express-oauth2-jwt-bearer, strictly by RFC 9068: a middleware that needs to know the issuer alone. It takes from the metadata of
// OpenID Connect which algorithms tokens may be signed with.
import { auth } from 'express-oauth2-jwt-bearer'
import { invalid, settings, tokenFromInput } from './peer.mjs'

const headers = { authorization: `Bearer ${await tokenFromInput()}`, host: new URL(settings.audience).host }
const request = {
  headers,
  get: (name) => headers[name.toLowerCase()],
  is: () => false,
  method: 'GET',
  originalUrl: '/',
  protocol: 'https',
  query: {},
  url: '/',
}
const check = auth({ audience: settings.audience, issuerBaseURL: settings.issuer, strict: true })
await check(request, {}, (thrown) => {
  if (thrown) return invalid(thrown)
  console.log(JSON.stringify(request.auth.payload))
})
