/**
 * Jitney's client for TypeScript: typed, with keys, retries, tokens renewed, lists as iterators and live streams
 * resumed. It needs `fetch` and nothing else. `models` and `operations` are written from the OpenAPI document.
 */

export { type Changing, Caller } from "./calls.ts";
export { Client, signIn } from "./client.ts";
export { ApiError, Unreachable } from "./errors.ts";
export { type LiveEvent, LiveStream } from "./live.ts";
export type * from "./models.ts";
export { Operations } from "./operations.ts";
export { FixedToken, RenewedTokens, type TokenSource } from "./tokens.ts";
export { type Patience, Transport } from "./transport.ts";
