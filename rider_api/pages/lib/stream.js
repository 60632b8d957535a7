/** The live stream of whoever is signed in. What comes is a hint to look: the state itself is read by REST. */

import { deployment } from "./session.js";

const EVENTS = ["offer_created", "offer_closed", "ride_updated", "notification", "resync"];
const LONGEST_PAUSE_SECONDS = 20;

/**
 * Listen until `stop`, through lost connections.
 * @param {import("./api.js").Api} api
 * @param {(name: string, data: any) => void} onEvent
 * @param {(state: "live" | "lost" | "elsewhere") => void} onState
 */
export function listen(api, onEvent, onState) {
  let source = null;
  let stopped = false;
  let failures = 0;

  async function open() {
    if (stopped) return;
    let ticket;
    try {
      ({ ticket } = await api.post("/v1/me/stream-tickets"));
    } catch {
      return later();
    }
    if (stopped) return;
    source = new EventSource(`${deployment.stream || ""}/v1/me/stream?ticket=${encodeURIComponent(ticket)}`);
    source.addEventListener("hello", () => {
      failures = 0;
      onState("live");
      onEvent("hello", null);
    });
    source.addEventListener("superseded", () => {
      stop();
      onState("elsewhere");
    });
    for (const name of EVENTS) source.addEventListener(name, (event) => onEvent(name, read(event.data)));
    // A ticket opens a stream once, so the browser's own way of coming back would be refused.
    source.addEventListener("error", () => {
      source.close();
      later();
    });
  }

  function later() {
    onState("lost");
    failures += 1;
    setTimeout(open, Math.min(LONGEST_PAUSE_SECONDS, 2 ** failures * 0.5) * 1000);
  }

  function stop() {
    stopped = true;
    source?.close();
  }

  open();
  return stop;
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Do something again and again, not while the page is hidden, and never twice at a time.
 * @returns a function that does it now, with `stop` on it
 */
export function every(seconds, work) {
  let timer = null;
  let running = false;
  let asked = false;
  let stopped = false;

  async function now() {
    clearTimeout(timer);
    if (stopped) return;
    if (running) {
      asked = true;
      return;
    }
    running = true;
    try {
      if (!document.hidden) await work();
    } finally {
      running = false;
      if (!stopped) timer = setTimeout(now, asked ? 0 : seconds * 1000);
      asked = false;
    }
  }

  const onShown = () => !document.hidden && now();
  document.addEventListener("visibilitychange", onShown);
  now.stop = () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onShown);
  };
  now();
  return now;
}
