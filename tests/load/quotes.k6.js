// Riders who look at prices, for k6: k6 run -e REST=http://127.0.0.1:8080 tests/load/quotes.k6.js
// tests/load/README.md tells how to begin. Each virtual user is a person of their own, signed in by a one-time code.
import { check, fail, sleep } from 'k6';
import http from 'k6/http';

const REST = __ENV.REST || 'http://127.0.0.1:8080';
const SANDBOX = __ENV.SANDBOX || 'http://127.0.0.1:8090';
const JSON_BODY = { 'Content-Type': 'application/json' };

export const options = {
  stages: [
    { duration: '10s', target: 10 },
    { duration: '30s', target: 10 },
    { duration: '5s', target: 0 },
  ],
  thresholds: { http_req_failed: ['rate<0.01'], checks: ['rate==1'] },
};

let tokens;

// An access token is good for ten minutes: it is traded for the next one a minute before.
function accessToken() {
  tokens = tokens || signIn();
  if (Date.now() > Date.parse(tokens.access_expires_at) - 60000) {
    const body = JSON.stringify({ refresh_token: tokens.refresh_token });
    tokens = http.post(`${REST}/v1/auth/token/refresh`, body, { headers: JSON_BODY }).json();
  }
  return tokens.access_token;
}

function signIn() {
  // Another number for each virtual user in each run.
  const phone = `+1925555${String((Date.now() + __VU * 37) % 10000).padStart(4, '0')}`;
  const since = new Date(Date.now() - 1000).toISOString();
  http.post(`${REST}/v1/auth/otp`, JSON.stringify({ phone_number: phone }), { headers: JSON_BODY });
  const inbox = `${SANDBOX}/_sim/messages?to=${encodeURIComponent(phone)}&since=${since}&limit=1`;
  for (let tries = 0; tries < 100; tries += 1) {
    const messages = http.get(inbox, { tags: { name: 'sandbox: messages' } }).json('messages');
    if (messages.length && messages[0].code) {
      const body = { phone_number: phone, code: messages[0].code, role: 'rider', device_id: 'k6' };
      return http.post(`${REST}/v1/auth/otp/verify`, JSON.stringify(body), { headers: JSON_BODY }).json();
    }
    sleep(0.1);
  }
  return fail(`no code came to ${phone}`);
}

function place() {
  const spread = () => (Math.random() - 0.5) * 0.02;
  return { latitude: 37.788 + spread(), longitude: -122.4075 + spread() };
}

export default function riderLooksAtPrices() {
  const headers = { ...JSON_BODY, Authorization: `Bearer ${accessToken()}` };
  const pickup = place();
  const dropoff = { ...pickup, latitude: pickup.latitude - 0.015 };
  const asked = JSON.stringify({ pickup, dropoff, product: 'economy' });
  const quotes = http.post(`${REST}/v1/quotes`, asked, { headers });
  check(quotes, { 'a price': (answer) => answer.status === 200 || answer.status === 201 });
  const rides = http.get(`${REST}/v1/rides`, { headers });
  check(rides, { 'past rides': (answer) => answer.status === 200 });
  sleep(0.5 + Math.random());
}
