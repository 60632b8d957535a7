/** The public API from a page: tokens, keys of changes, and what is tried again. */

const RENEW_SECONDS = 60;
const TRIES = 4;

export class ApiError extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `The service answered ${status}`);
    this.status = status;
    this.code = body.code ?? "unknown";
    this.title = body.title;
    this.facts = body.facts ?? {};
    this.errors = body.errors ?? [];
    this.retryable = Boolean(body.retryable);
    if (this.errors.length) this.message += `: ${this.errors.map((item) => `${item.field} ${item.description}`).join(", ")}`;
  }
}

export class Unreachable extends Error {
  constructor() {
    super("The service does not answer. What was asked may still happen; it is asked again by itself.");
    this.title = "No connection";
    this.code = "unreachable";
    this.status = 0;
    this.retryable = true;
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A key for one change: whoever sends it twice has it done once. */
export const newKey = () => crypto.randomUUID();

export class Api {
  /** @param {import("./session.js").Session} session */
  constructor(session) {
    this.session = session;
    this.renewal = null;
  }

  get(path, query) {
    return this.call("GET", path, { query });
  }

  /** Change something. The key stays the same over all tries. */
  async change(method, path, body, key = newKey()) {
    return this.call(method, path, { body, key });
  }

  post(path, body, key) {
    return this.change("POST", path, body, key);
  }

  put(path, body, key) {
    return this.change("PUT", path, body, key);
  }

  async call(method, path, { query, body, key } = {}) {
    const address = new URL(path, location.origin);
    for (const [name, value] of Object.entries(query ?? {})) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== null && one !== undefined && one !== "") address.searchParams.append(name, one);
      }
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(method, address, body, key);
      } catch (error) {
        const again = error.retryable && (method === "GET" || key) && attempt < TRIES;
        if (!again) throw error;
        await pause(Math.min(8000, error.retryAfter ? error.retryAfter * 1000 : 250 * 2 ** attempt));
      }
    }
  }

  async once(method, address, body, key) {
    const headers = { Accept: "application/json" };
    if (this.session.signedIn) headers.Authorization = `Bearer ${await this.token()}`;
    if (key) headers["Idempotency-Key"] = key;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(address, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
        credentials: "omit",
        signal: AbortSignal.timeout(15000),
      });
    } catch {
      throw new Unreachable();
    }
    if (answer.status === 204) return null;
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return told;
    const error = new ApiError(answer.status, told);
    error.retryAfter = Number(answer.headers.get("Retry-After")) || 0;
    if (answer.status === 401 && this.session.signedIn) this.session.end(told.detail);
    throw error;
  }

  /** The access token, renewed a minute before it ends, by one request at a time. */
  async token() {
    const { session } = this;
    if (session.secondsLeft() > RENEW_SECONDS || !session.value.refresh_token) return session.value.access_token;
    this.renewal ??= this.renew().finally(() => {
      this.renewal = null;
    });
    await this.renewal;
    return session.value.access_token;
  }

  async renew() {
    const answer = await fetch("/v1/auth/token/refresh", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ refresh_token: this.session.value.refresh_token }),
      credentials: "omit",
    }).catch(() => null);
    if (answer?.ok) this.session.renew(await answer.json());
    else if (answer?.status === 401) this.session.end("The sign-in is over.");
  }
}
