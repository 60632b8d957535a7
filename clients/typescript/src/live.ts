/** A live stream (server-sent events) that goes on where it broke off. */

import { ApiError, errorOf } from "./errors.ts";
import type { TokenSource } from "./tokens.ts";
import { anySignal, pause } from "./transport.ts";

// A stream is never silent for longer than its heartbeat (15 s); longer silence means that it is dead.
const SILENCE_MILLIS = 40_000;
const FIRST_WAIT_MILLIS = 500;
const LONGEST_WAIT_MILLIS = 15_000;
const SIGN_IN_AGAIN = 401;

/** One event: its type, its data, and the id after which the stream can be resumed. */
export interface LiveEvent {
  type: string;
  data: Record<string, unknown>;
  id: string;
}

/**
 * Reads a stream for as long as it is asked to.
 *
 * It comes back by itself after whatever broke the connection, with Last-Event-ID, so that nothing is missed; where the
 * service cannot replay what was missed it sends `resync`, and the state is to be read anew. `hello` begins each
 * connection. It ends after `superseded`: the account has opened the stream elsewhere.
 */
export class LiveStream {
  readonly #url: string;
  readonly #tokens: TokenSource;
  readonly #fetch: typeof fetch;
  readonly #firstWaitMillis: number;
  lastEventId: string;

  constructor(
    url: string,
    tokens: TokenSource,
    lastEventId = "",
    fetcher: typeof fetch = fetch,
    firstWaitMillis = FIRST_WAIT_MILLIS,
  ) {
    this.#url = url;
    this.#tokens = tokens;
    this.#fetch = fetcher;
    this.#firstWaitMillis = firstWaitMillis;
    this.lastEventId = lastEventId;
  }

  /** Yields events until the stream is superseded or aborted; throws ApiError when it is refused for good. */
  async *events(signal?: AbortSignal): AsyncGenerator<LiveEvent> {
    let wait = this.#firstWaitMillis;
    for (;;) {
      let token = "";
      let asked: number | undefined;
      try {
        token = await this.#tokens.token();
        for await (const event of this.#connection(token, signal)) {
          wait = this.#firstWaitMillis;
          yield event;
          if (event.type === "superseded") return;
        }
      } catch (error) {
        if (signal?.aborted) return;
        if (error instanceof ApiError) {
          asked = error.retryAfterSeconds;
          const another = error.status === SIGN_IN_AGAIN ? await this.#tokens.renewed(token) : token;
          if (another === token && error.status < 500 && !error.isRetryable) throw error;
        }
      }
      try {
        await pause(asked === undefined ? wait * (0.5 + Math.random() / 2) : asked * 1000, signal);
      } catch {
        return;
      }
      wait = Math.min(LONGEST_WAIT_MILLIS, wait * 2);
    }
  }

  async *#connection(token: string, signal?: AbortSignal): AsyncGenerator<LiveEvent> {
    const silence = new AbortController();
    let watch = setTimeout(() => silence.abort(), SILENCE_MILLIS);
    try {
      const headers: Record<string, string> = { Authorization: `Bearer ${token}`, Accept: "text/event-stream" };
      if (this.lastEventId) headers["Last-Event-ID"] = this.lastEventId;
      const answer = await this.#fetch(this.#url, { headers, signal: anySignal(silence.signal, signal) });
      if (!answer.ok) throw await errorOf(answer);
      if (!answer.body) return;
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      const frames = new Frames(this.lastEventId);
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          clearTimeout(watch);
          watch = setTimeout(() => silence.abort(), SILENCE_MILLIS);
          for (const event of frames.take(value)) {
            // Only a whole event counts as seen: one that broke off comes again.
            this.lastEventId = event.id;
            yield event;
          }
        }
      } finally {
        await reader.cancel().catch(() => undefined);
      }
    } finally {
      clearTimeout(watch);
    }
  }
}

/** Puts events together from pieces of text. */
class Frames {
  #rest = "";
  #type = "message";
  #data: string[] = [];
  #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  *take(text: string): Generator<LiveEvent> {
    const lines = (this.#rest + text).split(/\r?\n/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") this.#type = value;
      else if (field === "data") this.#data.push(value);
      else if (field === "id") this.#id = value;
      else if (line === "") {
        if (this.#data.length) {
          const data = JSON.parse(this.#data.join("\n")) as Record<string, unknown>;
          yield { type: this.#type, data, id: this.#id };
        }
        this.#type = "message";
        this.#data = [];
      }
    }
  }
}
