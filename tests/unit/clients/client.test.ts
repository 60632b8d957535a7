// The TypeScript client against a service that answers by a script; run by test_typescript_client.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ApiError,
  Client,
  FixedToken,
  LiveStream,
  RenewedTokens,
  type SignIn,
  Transport,
  Unreachable,
} from "../../../clients/typescript/src/index.ts";

type Answer = Response | Error;

/** Answers one request after another, and keeps them. */
class Script {
  readonly asked: Request[] = [];
  readonly #answers: Answer[];

  constructor(...answers: Answer[]) {
    this.#answers = answers;
  }

  readonly fetch: typeof fetch = async (url, init) => {
    this.asked.push(new Request(url, init));
    const answer = this.#answers.shift();
    if (!(answer instanceof Response)) throw answer ?? new Error("more was asked than the script has");
    return answer;
  };

  transport(seconds = 5): Transport {
    return new Transport("http://rest/", { seconds, firstWaitSeconds: 0, longestWaitSeconds: 0 }, this.fetch);
  }

  keys(): (string | null)[] {
    return this.asked.map((request) => request.headers.get("Idempotency-Key"));
  }
}

const json = (body: unknown, status = 200): Response => Response.json(body, { status });

function problem(status: number, code: string, retryAfter?: string): Response {
  const headers = retryAfter === undefined ? {} : { "Retry-After": retryAfter };
  return Response.json({ code, retryable: retryAfter !== undefined, detail: "…" }, { status, headers });
}

function signInAnswer(token: string, lifetimeSeconds: number): SignIn {
  const expiresAt = new Date(Date.now() + lifetimeSeconds * 1000).toISOString();
  return { access_token: token, refresh_token: `${token}-refresh`, access_expires_at: expiresAt } as SignIn;
}

test("a change is tried again with the same key until it is answered", async () => {
  const script = new Script(
    new TypeError("gone"),
    problem(503, "service_unavailable", "0"),
    problem(409, "request_in_flight", "0"),
    problem(504, "outcome_unknown", "0"),
    json({ id: "ride_1" }, 201),
  );
  const ride = await new Client(script.transport(), new FixedToken("token")).requestRide({ quote_id: "quote_1" });
  assert.equal(ride.id, "ride_1");
  assert.equal(new Set(script.keys()).size, 1);
  assert.ok(script.keys()[0]);
});

test("the key of the caller is kept and a read has none", async () => {
  const script = new Script(json({}, 201), json({}));
  const client = new Client(script.transport(), new FixedToken("token"));
  await client.requestRide({ quote_id: "quote_1" }, { idempotencyKey: "mine" });
  await client.readRide("../me?x=1");
  assert.deepEqual(script.keys(), ["mine", null]);
  assert.equal(script.asked[1]?.url, "http://rest/v1/rides/..%2Fme%3Fx%3D1");
});

test("a refusal is thrown at once, and so is a wait that is longer than the patience", async () => {
  const script = new Script(problem(402, "payment_declined"), problem(429, "otp_throttled", "30"));
  const client = new Client(script.transport());
  await assert.rejects(client.requestRide({ quote_id: "quote_1" }), (error: unknown) => {
    return error instanceof ApiError && error.code === "payment_declined" && !error.isRetryable;
  });
  await assert.rejects(client.requestOtp({ phone_number: "+14155550100" }), (error: unknown) => {
    return error instanceof ApiError && error.retryAfterSeconds === 30;
  });
  assert.equal(script.asked.length, 2);
});

test("no answer at all is told as such, and an abort as itself", async () => {
  const script = new Script(new TypeError("gone"), new TypeError("gone"));
  await assert.rejects(new Client(script.transport(-1)).readPublicKeys(), Unreachable);
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(new Client(script.transport()).signOut({ signal }), /enough/);
});

test("many calls at once renew an old token once", async () => {
  const pair = json(signInAnswer("new", 600));
  const script = new Script(pair, ...Array.from({ length: 5 }, () => json({})));
  const transport = script.transport();
  const kept: string[] = [];
  const tokens = new RenewedTokens(transport, signInAnswer("old", 30), (renewed) => kept.push(renewed.refresh_token));
  const client = new Client(transport, tokens);
  await Promise.all(Array.from({ length: 5 }, () => client.readAccount()));
  const shown = script.asked.slice(1).map((request) => request.headers.get("Authorization"));
  assert.deepEqual(new Set(shown), new Set(["Bearer new"]));
  assert.deepEqual(kept, ["new-refresh"]);
});

test("a token that is refused is renewed and the change keeps its key", async () => {
  const script = new Script(problem(401, "invalid_token"), json(signInAnswer("new", 600)), json({}, 201));
  const transport = script.transport();
  const client = new Client(transport, new RenewedTokens(transport, signInAnswer("revoked", 600)));
  await client.requestRide({ quote_id: "quote_1" });
  const [first, , second] = script.keys();
  assert.equal(first, second);
  assert.equal(script.asked[2]?.headers.get("Authorization"), "Bearer new");
});

test("an iterator goes through all pages with the same question", async () => {
  const script = new Script(
    json({ items: [{ id: "ride_1" }, { id: "ride_2" }], next_cursor: "more" }),
    json({ items: [{ id: "ride_3" }], next_cursor: null }),
  );
  const operator = new Client(script.transport(), new FixedToken("token"));
  const rides: string[] = [];
  for await (const ride of operator.iterateSearchRides({ state: ["matching", "offered"] })) rides.push(ride.id);
  assert.deepEqual(rides, ["ride_1", "ride_2", "ride_3"]);
  assert.ok(script.asked[0]?.url.includes("state=matching&state=offered"));
  assert.ok(script.asked[1]?.url.includes("cursor=more"));
});

test("a stream goes on after the last whole event, over cuts in the middle of a line", async () => {
  const event = (text: string): Response => new Response(text, { headers: { "Content-Type": "text/event-stream" } });
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      const encoder = new TextEncoder();
      for (const piece of ['id: 2-0\nevent: a\nda', 'ta: {"x":\r\ndata: 1}\n', "\nevent: superseded\ndata: {}\n\n"]) {
        controller.enqueue(encoder.encode(piece));
      }
      controller.close();
    },
  });
  const script = new Script(
    event("retry: 2000\nid: 1-0\nevent: hello\ndata: {}\n\n: \n\nid: 2-0\nevent: a\ndata: {"),
    new TypeError("gone"),
    problem(503, "streams_unavailable", "0"),
    new Response(pieces),
  );
  const stream = new LiveStream("http://stream/v1/me/stream", new FixedToken("token"), "", script.fetch, 0);
  const heard: [string, string][] = [];
  for await (const { type, id, data } of stream.events()) {
    heard.push([type, id]);
    if (type === "a") assert.deepEqual(data, { x: 1 });
  }
  assert.deepEqual(heard, [["hello", "1-0"], ["a", "2-0"], ["superseded", "2-0"]]);
  const resumed = script.asked.map((request) => request.headers.get("Last-Event-ID"));
  assert.deepEqual(resumed, [null, "1-0", "1-0", "1-0"]);
});

test("a stream that is refused for good ends with its code", async () => {
  const script = new Script(problem(403, "role_not_allowed"));
  const stream = new LiveStream("http://stream/v1/me/stream", new FixedToken("token"), "", script.fetch, 0);
  await assert.rejects(stream.events().next(), (error: unknown) => {
    return error instanceof ApiError && error.code === "role_not_allowed";
  });
});
