/** What all operations stand on: one call with its key and token, and pages as an iterator. */

import { ApiError } from "./errors.ts";
import { FixedToken, type TokenSource } from "./tokens.ts";
import type { Query, Transport } from "./transport.ts";

const SIGN_IN_AGAIN = 401;

/** What a call that changes something may be given. */
export interface Changing {
  /** Made for the call where it is left out. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** How a path is called. */
export interface Calling {
  query?: Query;
  body?: unknown;
  key?: string | undefined;
  signal?: AbortSignal | undefined;
  isDocument?: boolean;
  isOpen?: boolean;
}

/** Calls the interface on somebody's behalf. */
export class Caller {
  readonly transport: Transport;
  readonly tokens: TokenSource;

  /** Without tokens only open operations succeed. */
  constructor(transport: Transport, tokens: TokenSource = new FixedToken("")) {
    this.transport = transport;
    this.tokens = tokens;
  }

  /**
   * Calls any path: the JSON of the answer, its bytes for a document, undefined where there is no body.
   *
   * What is no GET carries a key; it is made here where none is given. A token that is refused is renewed once.
   */
  async call<T>(method: string, path: string, calling: Calling = {}): Promise<T> {
    const { isDocument, isOpen, key, signal, ...what } = calling;
    const sent = {
      ...what,
      key: key ?? (method === "GET" ? "" : crypto.randomUUID()),
      ...(signal ? { signal } : {}),
    };
    const token = isOpen ? "" : await this.tokens.token();
    let answer: Response;
    try {
      answer = await this.transport.send(method, path, { ...sent, token });
    } catch (error) {
      const isRefused = error instanceof ApiError && error.status === SIGN_IN_AGAIN && token !== "";
      const another = isRefused ? await this.tokens.renewed(token) : token;
      if (another === token) throw error;
      answer = await this.transport.send(method, path, { ...sent, token: another });
    }
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (isDocument) return bytes as T;
    return (bytes.length ? JSON.parse(new TextDecoder().decode(bytes)) : undefined) as T;
  }
}

/** Yields the items of all pages; `read` reads the page of a cursor, the empty one is the first. */
export async function* pageItems<T>(
  read: (cursor: string) => Promise<{ items: T[]; next_cursor: string | null }>,
): AsyncGenerator<T> {
  let cursor: string | null = "";
  do {
    const page: { items: T[]; next_cursor: string | null } = await read(cursor);
    yield* page.items;
    cursor = page.next_cursor;
  } while (cursor);
}

/** Writes a value as one part of a path. */
export function pathPart(value: unknown): string {
  return encodeURIComponent(String(value));
}
