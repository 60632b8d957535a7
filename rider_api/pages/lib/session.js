/** Who is signed in here: kept for this tab alone, so that two windows can be two people. */

export class Session {
  constructor(name) {
    this.key = `jitney.${name}`;
    this.value = JSON.parse(sessionStorage.getItem(this.key) ?? "null");
    this.onEnd = () => {};
    // A duplicated tab begins with the same refresh token, which may be used once: who renews tells the others.
    this.others = new BroadcastChannel(this.key);
    this.others.addEventListener("message", ({ data: { spent, value } }) => {
      if (this.value?.refresh_token === spent) this.keep(value);
    });
  }

  get signedIn() {
    return this.value !== null;
  }

  get role() {
    return this.value?.role ?? null;
  }

  secondsLeft() {
    return (new Date(this.value.access_expires_at) - Date.now()) / 1000;
  }

  begin(signIn) {
    this.keep({ ...signIn, ...endByOwnClock(signIn) });
  }

  /** Begin with an access token that was made elsewhere; it cannot be renewed. */
  beginWithToken(token) {
    const claims = claimsOf(token);
    if (!claims?.exp || !claims.role) throw new Error("That is no access token.");
    if (claims.exp * 1000 < Date.now()) throw new Error("That token is over. Make a new one.");
    this.keep({
      access_token: token,
      access_expires_at: new Date(claims.exp * 1000).toISOString(),
      refresh_token: null,
      role: claims.role,
      account: null,
    });
  }

  renew(tokens) {
    const spent = this.value.refresh_token;
    this.keep({ ...this.value, ...tokens, ...endByOwnClock(tokens) });
    this.others.postMessage({ spent, value: this.value });
  }

  end(words) {
    this.value = null;
    sessionStorage.removeItem(this.key);
    this.onEnd(words);
  }

  keep(value) {
    this.value = value;
    sessionStorage.setItem(this.key, JSON.stringify(value));
  }
}

/** When a token that was made just now ends by the clock of this device, which may be another one than the issuer's. */
function endByOwnClock({ access_token: token }) {
  const { iat, exp } = claimsOf(token) ?? {};
  return iat && exp ? { access_expires_at: new Date(Date.now() + (exp - iat) * 1000).toISOString() } : {};
}

/** Read what a token says. Only the services judge it; here it tells who signed in and until when. */
function claimsOf(token) {
  try {
    const part = token.trim().split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(part));
  } catch {
    return null;
  }
}

/** This device, for the limits on one-time codes. */
export function deviceId() {
  let id = localStorage.getItem("jitney.device");
  if (!id) {
    id = `web-${crypto.randomUUID()}`;
    localStorage.setItem("jitney.device", id);
  }
  return id;
}

/** What the page was told of the deployment. */
export const deployment = document.documentElement.dataset;
