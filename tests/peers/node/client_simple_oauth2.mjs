// simple-oauth2: form-encodes Basic ("strict"), or not ("loose").
import { ClientCredentials } from 'simple-oauth2'
import { asked, granted, metadata, method, refused, settings } from './peer.mjs'

const options = {
  basic: { authorizationMethod: 'header', credentialsEncodingMode: 'strict' },
  raw: { authorizationMethod: 'header', credentialsEncodingMode: 'loose' },
  body: { authorizationMethod: 'body' },
}

try {
  const endpoint = new URL((await metadata()).token_endpoint)
  const client = new ClientCredentials({
    client: { id: settings.clientId, secret: settings.clientSecret },
    auth: { tokenHost: endpoint.origin, tokenPath: endpoint.pathname },
    options: method(options),
  })
  granted((await client.getToken(asked())).token)
} catch (thrown) {
  refused(thrown.data?.payload?.error, thrown.output?.statusCode, thrown)
}
