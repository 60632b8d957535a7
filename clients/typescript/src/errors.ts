/** What can go wrong with a request. */

import type { Problem } from "./models.ts";

/** The interface refused a request: its HTTP status, the stable code and the problem document (RFC 9457). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Partial<Problem>;
  /** How long to wait before another try, where the interface said so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, problem: Partial<Problem>, retryAfterSeconds?: number) {
    super(`${status} ${problem.code ?? ""}: ${problem.detail ?? ""}`);
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code ?? "";
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether the same request with the same key may succeed later. */
  get isRetryable(): boolean {
    return this.problem.retryable === true;
  }
}

/**
 * There was no answer within the client's patience. Whether a change was made is not known; the same request with the
 * same key tells.
 */
export class Unreachable extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = "Unreachable";
  }
}

/** Reads a refusal; what is no problem document (of a proxy in between) becomes one without a code. */
export async function errorOf(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  let problem: Partial<Problem>;
  try {
    const body: unknown = JSON.parse(text);
    problem = typeof body === "object" && body !== null ? (body as Partial<Problem>) : { detail: text.slice(0, 200) };
  } catch {
    problem = { detail: text.slice(0, 200) };
  }
  const wait = answer.headers.get("Retry-After") ?? "";
  return new ApiError(answer.status, problem, /^\d+$/.test(wait) ? Number(wait) : undefined);
}
