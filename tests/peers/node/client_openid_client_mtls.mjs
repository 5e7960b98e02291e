// openid-client with a client certificate (RFC 8705): it goes to the aliases of the metadata by itself.
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import * as client from 'openid-client'
import { asked, granted, refused, settings } from './peer.mjs'

const shown = {
  ca: readFileSync(process.env.CA),
  cert: readFileSync(process.env.CERT),
  key: readFileSync(process.env.KEY),
}

/** What `fetch` does, with a certificate; node's own has no place for one. */
function fetchWithCertificate(url, { method, headers, body }) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ...shown }, async (answer) => {
      const chunks = []
      for await (const chunk of answer) chunks.push(chunk)
      resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode, headers: answer.headers }))
    })
    sent.on('error', reject)
    sent.end(body?.toString())
  })
}

try {
  const server = await client.discovery(
    new URL(settings.issuer),
    settings.clientId,
    { use_mtls_endpoint_aliases: true },
    client.TlsClientAuth(),
    { algorithm: 'oauth2', [client.customFetch]: fetchWithCertificate },
  )
  granted(await client.clientCredentialsGrant(server, asked()))
} catch (thrown) {
  const challenged = thrown instanceof client.WWWAuthenticateChallengeError
  const error = challenged ? (await thrown.response.json()).error : thrown.error
  refused(error, thrown.status, thrown)
}
