/** The client: all operations, and the live stream, of one caller. */

import { LiveStream } from "./live.ts";
import type { OtpVerification, Tokens } from "./models.ts";
import { Operations } from "./operations.ts";
import { FixedToken, RenewedTokens } from "./tokens.ts";
import { Transport } from "./transport.ts";

/** All operations of one caller. */
export class Client extends Operations {
  /** Makes a client with one token, such as `jitney token` prints, or an API key. */
  static withToken(baseUrl: string, token: string): Client {
    return new Client(new Transport(baseUrl), new FixedToken(token));
  }

  /** Makes a client of nobody, for open operations. */
  static open(baseUrl: string): Client {
    return new Client(new Transport(baseUrl));
  }

  /**
   * Opens a live stream: the caller's own, or of a ride (`/v1/rides/{id}/events`); `streamsUrl` is the process that
   * serves streams. With `lastEventId` it begins after that event of an earlier connection, else now.
   */
  live(streamsUrl: string, path = "/v1/me/stream", lastEventId = ""): LiveStream {
    return new LiveStream(`${streamsUrl.replace(/\/$/, "")}${path}`, this.tokens, lastEventId);
  }
}

/** Signs in with the one-time code that `requestOtp` had sent. */
export async function signIn(
  transport: Transport,
  verification: OtpVerification,
  whenRenewed?: (tokens: Tokens) => void,
): Promise<Client> {
  const answer = await new Client(transport).verifyOtp(verification);
  return new Client(transport, new RenewedTokens(transport, answer, whenRenewed));
}
