/**
 * One request and its tries.
 *
 * A request is tried again when there was no answer, when the answer says that it may succeed later (429, 5xx, a
 * problem that is `retryable`), and when the first try of the same key is still under way (`request_in_flight`). The
 * wait is what Retry-After says, else it grows from a tenth of a second, with jitter. Changes carry an Idempotency-Key
 * that stays the same over all tries, so that they are made once. When the next try would come after the patience is
 * over, the last refusal is thrown.
 */

import { ApiError, errorOf, Unreachable } from "./errors.ts";

const BUSY = new Set([429, 500, 502, 503, 504]);
const IN_FLIGHT = "request_in_flight";

export type Query = Readonly<Record<string, unknown>>;

/** How long a request is tried. */
export interface Patience {
  /** All tries of one request together, without the last one's own time. */
  seconds: number;
  firstWaitSeconds: number;
  /** Where no Retry-After tells. */
  longestWaitSeconds: number;
  /** How long one try may take. */
  trySeconds: number;
}

const PATIENCE: Patience = { seconds: 20, firstWaitSeconds: 0.1, longestWaitSeconds: 2, trySeconds: 15 };

/** One request. */
export interface Sent {
  token?: string;
  key?: string;
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

/** Sends requests to one interface. */
export class Transport {
  readonly baseUrl: string;
  readonly #patience: Patience;
  readonly #fetch: typeof fetch;

  constructor(baseUrl: string, patience: Partial<Patience> = {}, fetcher: typeof fetch = fetch) {
    this.baseUrl = baseUrl.replace(/\/$/, "");
    this.#patience = { ...PATIENCE, ...patience };
    this.#fetch = fetcher;
  }

  /** Sends a request until it is answered for good; throws ApiError or Unreachable. */
  async send(method: string, path: string, sent: Sent = {}): Promise<Response> {
    const patience = this.#patience;
    const headers: Record<string, string> = { Accept: "application/json" };
    if (sent.token) headers["Authorization"] = `Bearer ${sent.token}`;
    if (sent.key) headers["Idempotency-Key"] = sent.key;
    if (sent.body !== undefined) headers["Content-Type"] = "application/json";
    const url = `${this.baseUrl}${path}${queryText(sent.query ?? {})}`;
    const body = sent.body === undefined ? null : JSON.stringify(sent.body);
    const endsAt = performance.now() + patience.seconds * 1000;
    let growing = patience.firstWaitSeconds;
    for (;;) {
      let trouble: ApiError | Unreachable;
      let askedSeconds: number | undefined;
      try {
        const signal = anySignal(AbortSignal.timeout(patience.trySeconds * 1000), sent.signal);
        const answer = await this.#fetch(url, { method, headers, body, signal });
        if (answer.ok) return answer;
        const refusal = await errorOf(answer);
        if (!maySucceedLater(refusal)) throw refusal;
        trouble = refusal;
        askedSeconds = refusal.retryAfterSeconds;
      } catch (error) {
        sent.signal?.throwIfAborted();
        if (error instanceof ApiError) throw error;
        trouble = new Unreachable(`${method} ${path} was not answered`, error);
      }
      const wait = (askedSeconds ?? growing * (0.5 + Math.random() / 2)) * 1000;
      if (performance.now() + wait > endsAt) throw trouble;
      await pause(wait, sent.signal);
      growing = Math.min(patience.longestWaitSeconds, growing * 2);
    }
  }
}

/** Waits; an abort ends it. */
export function pause(millis: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abandon);
      resolve();
    }, millis);
    if (signal?.aborted) abandon();
    else signal?.addEventListener("abort", abandon, { once: true });
  });
}

/** Returns a signal that aborts with the first of two. */
export function anySignal(one: AbortSignal, other?: AbortSignal): AbortSignal {
  return other ? AbortSignal.any([one, other]) : one;
}

function maySucceedLater(error: ApiError): boolean {
  return BUSY.has(error.status) || error.isRetryable || error.code === IN_FLIGHT;
}

/** Writes a query: nothing of what is undefined or null, a list item by item. */
function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) parameters.append(name, String(item));
  }
  const text = parameters.toString();
  return text && `?${text}`;
}
