// So many requests per second, whether or not the answers keep up: how long each took from when it was due.
// Usage: node paced.mjs URL LOGIN FORM RATE SECONDS CONNECTIONS
import autocannon from 'autocannon';

const [url, login, form, rate, seconds, connections] = process.argv.slice(2);
const result = await autocannon({
  url,
  method: 'POST',
  headers: {
    authorization: `Basic ${login}`,
    'content-type': 'application/x-www-form-urlencoded',
  },
  body: form,
  overallRate: Number(rate),
  duration: Number(seconds),
  connections: Number(connections),
  verifyBody: (body) => body.includes('"access_token"'),
});
const { p50, p99, p99_9 } = result.latency;
const others = result.non2xx + result.errors + result.timeouts + result.mismatches;
console.log(JSON.stringify({ p50, p99, p99_9, tokens: result['2xx'], others }));
