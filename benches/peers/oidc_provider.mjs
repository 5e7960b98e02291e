// oidc-provider as the same kind of server: client credentials, Basic, ES256 JWTs of one hour, everything in memory.
// Usage: node oidc_provider.mjs PORT CLIENT SECRET API
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [port, client, secret, api] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const hour = 3600;

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: client,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => api,
      getResourceServerInfo: () => ({
        scope: 'read:analytics',
        audience: api,
        accessTokenTTL: hour,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
  ttl: { ClientCredentials: hour },
});
provider.listen(Number(port), '127.0.0.1');
