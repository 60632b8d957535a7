/** A page's surroundings without a browser: a document, storage, timers that are turned by hand, and a service by script. */

import { registerHooks } from "node:module";

import { makeDocument } from "./elements.mjs";

const MAP = new URL("./maps.mjs", import.meta.url).href;
const PAGES = new URL("../../../rider_api/pages/", import.meta.url).href;
let pages = 0;

// Each page has modules of its own, as each window has.
registerHooks({
  resolve(name, context, next) {
    if (name.endsWith("maplibre-gl.mjs")) return { url: MAP, shortCircuit: true };
    const found = next(name, context);
    const [, number] = (context.parentURL ?? "").split("?");
    return number && found.url.startsWith(PAGES) && !found.url.includes("?") ? { ...found, url: `${found.url}?${number}` } : found;
  },
});

/** Load a module of the pages, and anew all that it imports. */
export const load = (path) => import(`${PAGES}${path}?${(pages += 1)}`);

class Storage {
  #kept = new Map();
  getItem = (key) => this.#kept.get(key) ?? null;
  setItem = (key, value) => void this.#kept.set(key, String(value));
  removeItem = (key) => void this.#kept.delete(key);
}

/** What windows of one browser tell each other. */
class Channel extends EventTarget {
  static open = new Set();

  constructor(name) {
    super();
    this.name = name;
    Channel.open.add(this);
  }

  postMessage(data) {
    for (const other of Channel.open) if (other !== this && other.name === this.name) other.dispatchEvent(Object.assign(new Event("message"), { data: structuredClone(data) }));
  }
}

/** Set up the globals, signed in as a role; returns what a test turns and looks at. */
export function browse({ role = "driver", facts = {}, hash = "" } = {}) {
  const document = makeDocument();
  Object.assign(document.documentElement.dataset, { environment: "local", ...facts });
  for (const [name, value] of Object.entries({ environment: "local", ...facts })) document.documentElement.setAttribute(`data-${name}`, value);
  const root = document.createElement("div");
  root.setAttribute("id", "root");
  document.body.append(root);
  const window = new EventTarget();
  const location = { origin: "http://edge", pathname: "/", hash, reload: () => (location.reloads += 1), reloads: 0 };
  const session = new Storage();
  const token = `e30.${btoa(JSON.stringify({ iat: 0, exp: 9e9 }))}.x`;
  session.setItem(`jitney.${role === "operator" ? "console" : role}`, JSON.stringify({ access_token: token, refresh_token: "r", access_expires_at: "2999-01-01T00:00:00Z", role }));
  const globals = {
    document,
    location,
    sessionStorage: session,
    localStorage: new Storage(),
    innerWidth: 1440,
    matchMedia: () => ({ matches: false, addEventListener() {} }),
    getComputedStyle: () => ({ getPropertyValue: () => "#000000" }),
    CSS: { escape: (text) => text },
    addEventListener: window.addEventListener.bind(window),
    removeEventListener: window.removeEventListener.bind(window),
    requestAnimationFrame: () => 1,
    cancelAnimationFrame: () => {},
    history: { replaceState: () => (location.hash = "") },
    EventSource: class extends EventTarget {
      close() {}
    },
    OffscreenCanvas: class {
      getContext = () => new Proxy({}, { get: () => () => {}, set: () => true });
    },
    BroadcastChannel: Channel,
    ResizeObserver: class {
      observe() {}
      disconnect() {}
    },
    FormData: class {
      constructor(form) {
        return Object.entries(form.elements).map(([name, field]) => [name, field.value]);
      }
    },
  };
  for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  return { document, window, location, root, session };
}

/** A service that answers by a table, `"GET /path": answer`; an answer is a body, a `Response`, or a function of the request. */
export class Service {
  constructor(table = {}) {
    this.table = new Map(Object.entries(table));
    this.asked = [];
    globalThis.fetch = (address, request = {}) => this.answer(address, request);
  }

  async answer(address, request) {
    const url = new URL(address, "http://edge");
    const name = `${request.method ?? "GET"} ${url.pathname}`;
    this.asked.push({ name, query: url.searchParams, body: request.body ? JSON.parse(request.body) : null, key: request.headers?.["Idempotency-Key"], token: request.headers?.Authorization });
    let answer = this.table.get(name);
    if (typeof answer === "function") answer = await answer(this.asked.at(-1));
    if (answer instanceof Response) return answer.clone();
    if (answer instanceof Error) throw answer;
    return answer === undefined ? refused(404, "not_found") : Response.json(answer);
  }

  set(name, answer) {
    this.table.set(name, answer);
  }

  count(name) {
    return this.asked.filter((each) => each.name === name).length;
  }
}

/** A refusal as the edge makes them. */
export const refused = (status, code, { retryable = false, after } = {}) => Response.json({ code, title: code, detail: code, retryable }, { status, headers: after === undefined ? {} : { "Retry-After": String(after) } });

/** An answer that is given when its `give` is called. */
export function later() {
  let give;
  const given = new Promise((resolve) => (give = resolve));
  return { answer: () => given, give };
}

/** Let everything go on that waits for nothing but promises. */
export async function settle() {
  for (let turn = 0; turn < 60; turn += 1) await new Promise(setImmediate);
}

/** The button of a name. */
export function button(root, name) {
  const found = root.all("button").filter((each) => (each.getAttribute("aria-label") ?? each.textContent).includes(name));
  if (found.length !== 1) throw new Error(`${found.length} buttons are named ${name} in ${root.textContent}`);
  return found[0];
}
