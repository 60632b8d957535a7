/** The public API from a page: tokens, keys of changes, and what is tried again. */

const RENEW_SECONDS = 60;
const TRIES = 4;
const LONGEST_WAIT_SECONDS = 8;
const ANSWER_MILLISECONDS = 15_000;
const KEYS_KEPT = 100;
/** What a proxy in between answers without a word of ours: the same request may well succeed later. */
const PASSING = new Set([429, 502, 503, 504]);

export class ApiError extends Error {
  constructor(status, body, retryAfterSeconds = 0) {
    super(body.detail || body.title || `The service answered ${status}`);
    this.status = status;
    this.code = body.code ?? "unknown";
    this.title = body.title;
    this.facts = body.facts ?? {};
    this.errors = body.errors ?? [];
    this.retryable = body.retryable ?? PASSING.has(status);
    this.retryAfterSeconds = retryAfterSeconds;
    if (this.errors.length) this.message += `: ${this.errors.map((item) => `${item.field} ${item.description}`).join(", ")}`;
    if (retryAfterSeconds > LONGEST_WAIT_SECONDS) this.message += `. Ask again in ${retryAfterSeconds} s.`;
  }
}

export class Unreachable extends Error {
  constructor(isChange = false) {
    super(isChange ? "The service does not answer, so what was asked may have happened or not. Ask for it again: it is not done twice." : "The service does not answer.");
    this.title = "No connection";
    this.code = "unreachable";
    this.status = 0;
    this.retryable = true;
    this.retryAfterSeconds = 0;
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A key for one change: whoever sends it twice has it done once. */
const newKey = () => crypto.randomUUID();

export class Api {
  /** @param {import("./session.js").Session} session */
  constructor(session) {
    this.session = session;
    this.renewal = null;
    /** Of changes that were not answered: who asks for the same again, asks with the same key. */
    this.unanswered = new Map();
    this.limit = null;
  }

  get(path, query) {
    return this.call("GET", path, { query });
  }

  /** Change something. The key stays the same over all tries, and for the next time where none of them was answered. */
  async change(method, path, body) {
    const [place, what] = [`${method} ${path}`, JSON.stringify(body)];
    const before = this.unanswered.get(place);
    const key = before && before.what === what ? before.key : newKey();
    // What was asked for before is no longer wanted once something else is asked for at the same place.
    this.unanswered.delete(place);
    try {
      return await this.call(method, path, { body, key });
    } catch (error) {
      if (error.retryable) this.unanswered.set(place, { what, key });
      if (this.unanswered.size > KEYS_KEPT) this.unanswered.delete(this.unanswered.keys().next().value);
      throw error;
    }
  }

  post(path, body) {
    return this.change("POST", path, body);
  }

  put(path, body) {
    return this.change("PUT", path, body);
  }

  async call(method, path, { query, body, key } = {}) {
    const address = new URL(path, location.origin);
    for (const [name, value] of Object.entries(query ?? {})) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== null && one !== undefined && one !== "") address.searchParams.append(name, one);
      }
    }
    for (let attempt = 1; ; attempt += 1) {
      // Views look again and again: whoever was told to wait does not ask meanwhile.
      if (method === "GET" && this.limit && performance.now() < this.limit.until) throw this.limit.error;
      try {
        return await this.once(method, address, body, key);
      } catch (error) {
        const wait = error.retryAfterSeconds || 0.25 * 2 ** attempt;
        const again = error.retryable && (method === "GET" || key) && attempt < TRIES && wait <= LONGEST_WAIT_SECONDS;
        if (!again) {
          if (method === "GET" && error.status === 429) this.limit = { until: performance.now() + error.retryAfterSeconds * 1000, error };
          throw error;
        }
        await pause(wait * 1000);
      }
    }
  }

  async once(method, address, body, key, isFirst = true) {
    const { session } = this;
    const headers = { Accept: "application/json" };
    const token = session.signedIn ? await this.token() : null;
    if (token) headers.Authorization = `Bearer ${token}`;
    if (key) headers["Idempotency-Key"] = key;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const { answer, told } = await this.send(address, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    if (answer.ok) return told;
    if (answer.status === 401 && token && session.signedIn) {
      // A clock that is slow here, or a key that was changed there: the sign-in itself may well be good.
      if (isFirst && session.value.refresh_token) {
        if (session.value.access_token === token) await this.renewed();
        return this.once(method, address, body, key, false);
      }
      session.end(told.detail);
    }
    throw refusal(answer, told);
  }

  /** Send a request; an answer that breaks off is none. */
  async send(address, request) {
    try {
      const answer = await fetch(address, { ...request, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(ANSWER_MILLISECONDS) });
      const text = answer.status === 204 ? "null" : await answer.text();
      return { answer, told: answer.ok ? JSON.parse(text) : problemOf(text) };
    } catch {
      throw new Unreachable(request.method !== "GET");
    }
  }

  /** The access token, renewed a minute before it ends. */
  async token() {
    const { session } = this;
    if (session.secondsLeft() <= RENEW_SECONDS && session.value.refresh_token) {
      try {
        await this.renewed();
      } catch (error) {
        // It still opens doors: the next request tries to renew it again.
        if (!session.signedIn || session.secondsLeft() <= 0) throw error;
      }
    }
    return session.value.access_token;
  }

  /** Renew the tokens, by one request at a time. */
  renewed() {
    this.renewal ??= this.renew().finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }

  async renew() {
    const { session } = this;
    const body = JSON.stringify({ refresh_token: session.value.refresh_token });
    const { answer, told } = await this.send("/v1/auth/token/refresh", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    if (answer.ok && session.signedIn) return session.renew(told);
    if (answer.status === 401) session.end("The sign-in is over.");
    throw answer.ok ? new ApiError(401, { title: "Signed out", detail: "The sign-in is over.", retryable: false }) : refusal(answer, told);
  }
}

const refusal = (answer, told) => new ApiError(answer.status, told, Number(answer.headers.get("Retry-After")) || 0);

/** What a refusal says; a proxy's page says nothing to us. */
function problemOf(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
