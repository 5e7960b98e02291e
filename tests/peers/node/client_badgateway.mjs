// @badgateway/oauth2-client: form-encodes Basic, or escapes only the colon ("interop").
import { OAuth2Client } from '@badgateway/oauth2-client'
import { granted, method, refused, settings } from './peer.mjs'

const methods = { basic: 'client_secret_basic', raw: 'client_secret_basic_interop', body: 'client_secret_post' }

try {
  const client = new OAuth2Client({
    server: settings.issuer,
    discoveryEndpoint: '/.well-known/oauth-authorization-server',
    clientId: settings.clientId,
    clientSecret: settings.clientSecret,
    authenticationMethod: method(methods),
  })
  const token = await client.clientCredentials({
    scope: settings.scope ? settings.scope.split(' ') : undefined,
    resource: settings.resource || undefined,
  })
  granted({
    access_token: token.accessToken,
    token_type: 'Bearer', // the library refuses any other and does not hand it on
    expires_in: Math.round((token.expiresAt - Date.now()) / 1000),
    scope: token.scope?.join(' '),
  })
} catch (thrown) {
  refused(thrown.oauth2Code, thrown.httpCode, thrown)
}
