// How the pages ask the API, and stay signed in; run by test_pages_modules.py.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Service, browse, load, refused, settle } from "./browser.mjs";

const token = (claims) => `e30.${btoa(JSON.stringify(claims))}.x`;
const sleeps = () => mock.timers.enable({ apis: ["setTimeout"] });

async function signedIn(table, kept = {}) {
  const { session: storage } = browse({ role: "rider" });
  const before = JSON.parse(storage.getItem("jitney.rider"));
  storage.setItem("jitney.rider", JSON.stringify({ ...before, ...kept }));
  const [{ Api }, { Session }] = [await load("lib/api.js"), await load("lib/session.js")];
  const session = new Session("rider");
  const ends = [];
  session.onEnd = (why) => ends.push(why);
  return { service: new Service(table), session, api: new Api(session), ends };
}

test.afterEach(() => mock.timers.reset());

/** Let the pauses between tries go by. */
async function wait(seconds) {
  for (let second = 0; second < seconds; second += 1) {
    await settle();
    mock.timers.tick(1000);
  }
  await settle();
}

test("a change that nobody answered is asked for again with the same key", async () => {
  sleeps();
  const { api, service } = await signedIn({ "POST /v1/operator/refunds": new TypeError("gone") });
  const refund = () => api.post("/v1/operator/refunds", { ride_id: "ride_1" });
  const first = refund().catch((error) => error);
  await wait(10);
  assert.match((await first).message, /not done twice/);
  service.set("POST /v1/operator/refunds", { id: "refund_1" });
  await refund();
  assert.equal(service.asked.length, 5);
  assert.equal(new Set(service.asked.map((each) => each.key)).size, 1);
  await refund();
  assert.notEqual(service.asked[5].key, service.asked[4].key);
});

test("what is asked for after another wish at the same place is a new wish", async () => {
  sleeps();
  const { api, service } = await signedIn({ "PUT /v1/driver/availability": new TypeError("gone") });
  const first = api.put("/v1/driver/availability", { online: true }).catch(() => {});
  await wait(10);
  await first;
  service.set("PUT /v1/driver/availability", {});
  await api.put("/v1/driver/availability", { online: false });
  await api.put("/v1/driver/availability", { online: true });
  assert.equal(new Set(service.asked.map((each) => each.key)).size, 3);
});

test("an answer that breaks off is none, and asked for again", async () => {
  sleeps();
  let tries = 0;
  const { api } = await signedIn({ "GET /v1/rides/current": () => ((tries += 1) === 1 ? new Response('{"id": "ri') : { id: "ride_1" }) });
  const found = api.get("/v1/rides/current");
  await wait(2);
  assert.deepEqual(await found, { id: "ride_1" });
});

test("the page of a proxy in between is a reason to ask again", async () => {
  sleeps();
  let tries = 0;
  const { api } = await signedIn({ "GET /v1/rides/current": () => ((tries += 1) === 1 ? new Response("<h1>Bad gateway</h1>", { status: 502 }) : { id: "ride_1" }) });
  const found = api.get("/v1/rides/current");
  await wait(2);
  assert.deepEqual(await found, { id: "ride_1" });
});

test("who is to wait for long is told at once how long, and does not ask meanwhile", async () => {
  const { api, service } = await signedIn({ "GET /v1/operator/fleet": refused(429, "rate_limited", { retryable: true, after: 37 }) });
  await assert.rejects(api.get("/v1/operator/fleet"), /37 s/);
  await assert.rejects(api.get("/v1/operator/fleet"), /37 s/);
  assert.equal(service.asked.length, 1);
});

test("a refused access token is renewed once, whatever the clock says", async () => {
  const fresh = token({ iat: 1000, exp: 1900 });
  const { api, service, ends } = await signedIn({
    "GET /v1/me": ({ token: given }) => (given === `Bearer ${fresh}` ? { id: "acct_1" } : refused(401, "token_expired")),
    "POST /v1/auth/token/refresh": { access_token: fresh, refresh_token: "r2", access_expires_at: "2026-01-01T00:00:00Z" },
  });
  const answers = await Promise.all([api.get("/v1/me"), api.get("/v1/me")]);
  assert.deepEqual(answers, [{ id: "acct_1" }, { id: "acct_1" }]);
  assert.equal(service.count("POST /v1/auth/token/refresh"), 1);
  assert.deepEqual(ends, []);
});

test("a clock that is fast here renews a token when it is due, and not with each request", async () => {
  const { api, service } = await signedIn(
    { "GET /v1/me": {}, "POST /v1/auth/token/refresh": { access_token: token({ iat: 1000, exp: 1900 }), refresh_token: "r2", access_expires_at: "1970-01-01T00:31:40Z" } },
    { access_expires_at: "1970-01-01T00:00:00Z" },
  );
  await api.get("/v1/me");
  await api.get("/v1/me");
  assert.equal(service.count("POST /v1/auth/token/refresh"), 1);
});

test("a duplicated tab goes on with what the other one renewed, and another person's does not", async () => {
  const { api, session } = await signedIn({ "POST /v1/auth/token/refresh": { access_token: token({ iat: 1000, exp: 1900 }), refresh_token: "r2" } });
  const { Session } = await load("lib/session.js");
  const [twin, stranger] = [new Session("rider"), new Session("rider")];
  stranger.keep({ ...stranger.value, refresh_token: "of somebody else" });
  await api.renewed();
  assert.deepEqual([session, twin, stranger].map((each) => each.value.refresh_token), ["r2", "r2", "of somebody else"]);
});

test("a service that cannot renew just now ends no sign-in", async () => {
  sleeps();
  const { api, service, session, ends } = await signedIn(
    { "GET /v1/me": refused(401, "token_expired"), "POST /v1/auth/token/refresh": refused(503, "overloaded", { retryable: true, after: 1 }) },
    { access_expires_at: "1970-01-01T00:00:00Z" },
  );
  const asked = api.get("/v1/me").catch((error) => error);
  await wait(10);
  assert.equal((await asked).code, "overloaded");
  assert.equal(service.count("GET /v1/me"), 0);
  assert.deepEqual([session.signedIn, ends], [true, []]);
});

test("a sign-in that is over is said to be", async () => {
  const { api, ends } = await signedIn({ "GET /v1/me": refused(401, "token_expired"), "POST /v1/auth/token/refresh": refused(401, "refresh_invalid") });
  await assert.rejects(api.get("/v1/me"));
  assert.deepEqual(ends, ["The sign-in is over."]);
});
