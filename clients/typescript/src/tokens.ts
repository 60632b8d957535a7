/** Where a client has its access token from. */

import type { SignIn, Tokens } from "./models.ts";
import type { Transport } from "./transport.ts";

const RENEW_BEFORE_MILLIS = 60_000;

/** Gives access tokens. */
export interface TokenSource {
  /** Returns a token that is good for a while; empty for nobody. */
  token(): Promise<string>;
  /** Returns another token than one that was refused; the same where there is no other. */
  renewed(refused: string): Promise<string>;
}

/** One token for as long as it lasts: of `jitney token`, or a partner's API key. */
export class FixedToken implements TokenSource {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  async token(): Promise<string> {
    return this.#token;
  }

  async renewed(): Promise<string> {
    return this.#token;
  }
}

/**
 * The tokens of somebody who signed in: renewed a minute before the access token ends, or when it is refused.
 *
 * A refresh token is good once. One request at a time renews, whoever needs a token meanwhile waits for it; a renewal
 * whose answer was lost is repeated with the same key and token.
 */
export class RenewedTokens implements TokenSource {
  readonly #transport: Transport;
  readonly #whenRenewed: ((tokens: Tokens) => void) | undefined;
  #tokens: Tokens;
  #renewing: Promise<void> | undefined;

  /** Begins with an answer of sign-in or refresh; `whenRenewed` is told of each new pair, to keep it. */
  constructor(transport: Transport, answer: SignIn | Tokens, whenRenewed?: (tokens: Tokens) => void) {
    this.#transport = transport;
    this.#tokens = answer;
    this.#whenRenewed = whenRenewed;
  }

  async token(): Promise<string> {
    if (Date.now() + RENEW_BEFORE_MILLIS >= Date.parse(this.#tokens.access_expires_at)) await this.#renew();
    return this.#tokens.access_token;
  }

  async renewed(refused: string): Promise<string> {
    if (this.#tokens.access_token === refused) await this.#renew();
    return this.#tokens.access_token;
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#exchange().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #exchange(): Promise<void> {
    const body = { refresh_token: this.#tokens.refresh_token };
    const answer = await this.#transport.send("POST", "/v1/auth/token/refresh", { key: crypto.randomUUID(), body });
    this.#tokens = (await answer.json()) as Tokens;
    this.#whenRenewed?.(this.#tokens);
  }
}
