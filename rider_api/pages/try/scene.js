/** What a rider's and a driver's page have in common: the gate, the map, the panel, the live stream. */

import { Api } from "../lib/api.js";
import { brand, fill, h, icon, problem, refill, replace } from "../lib/dom.js";
import { carImage, makeMap } from "../lib/map.js";
import { Session } from "../lib/session.js";
import { signIn } from "../lib/signin.js";
import { listen } from "../lib/stream.js";
import { color, themeButton } from "../lib/theme.js";

const LIVE = { live: "Live", lost: "Connecting", elsewhere: "Open elsewhere" };
const root = document.getElementById("root");

/** Sign in, then lay out the scene. */
export async function open({ role, title, words, phone, note, mapLabel }) {
  const session = new Session(role);
  const api = new Api(session);
  // Whoever was signed out begins again, told why.
  session.onEnd = (why) => {
    sessionStorage.setItem("jitney.why", why ?? "");
    location.reload();
  };
  if (!session.signedIn) {
    const why = sessionStorage.getItem("jitney.why");
    sessionStorage.removeItem("jitney.why");
    await signIn(root, { api, title, words, phone, note: why, roles: [[role, role]] });
  }
  const trouble = h("div", { class: "panel-trouble" });
  const body = h("div", {});
  const live = h("span", { class: "live", role: "status", data: { state: "lost" } }, LIVE.lost);
  const leave = h("button", { class: "icon-button", type: "button", "aria-label": "Sign out", title: "Sign out" }, icon("leave"));
  leave.addEventListener("click", async () => {
    leave.disabled = true;
    await api.post("/v1/auth/logout").catch(() => {});
    if (session.signedIn) session.end("");
  });
  const holder = h("div", { class: "map" });
  const panel = h(
    "main",
    { class: "panel" },
    h("header", { class: "panel-head" }, brand(note, location.pathname), h("div", { class: "row fixed" }, live, themeButton(), leave)),
    h("div", { class: "panel-body", "aria-live": "polite" }, trouble, body),
  );
  fill(root, h("div", { class: "scene" }, holder, panel));
  const map = await makeMap(holder, { label: mapLabel, sources: ["way", "cars"], layers, images }).catch((error) => {
    fill(body, problem({ title: "The map cannot be drawn", message: `This page is of no use without it; is WebGL switched off in this browser? ${error.message}` }));
    throw error;
  });
  const areas = await readAreas(api, body);
  map.showAreas(areas);
  return {
    api,
    map,
    areas,
    isEmpty: () => !body.hasChildNodes(),
    show: (...children) => replace(body, ...children),
    /** Say that looking failed, above what was seen last; null once it works again. */
    lost: (error) => refill(trouble, error && problem(error)),
    listen: (onEvent) =>
      listen(api, onEvent, (state) => {
        live.dataset.state = state;
        live.textContent = LIVE[state];
      }),
    isSheet,
    /** What of the map is to be left free around that which is shown: the panel, and a rim. */
    padding: () => (isSheet() ? besideSheet(holder, panel) : { left: 440, right: 60, top: 60, bottom: 60 }),
  };
}

const SHEET_PIXELS = 720;
const RIM_PIXELS = 50;

/** Whether the panel is a sheet that lies over the lower part of the map. */
const isSheet = () => innerWidth <= SHEET_PIXELS;

/** The sheet is as high as what it tells. On a small screen the rim gives way: a map that has no room left shows nothing. */
function besideSheet(holder, sheet) {
  const [map, { top }] = [holder.getBoundingClientRect(), sheet.getBoundingClientRect()];
  const covered = Math.max(0, map.bottom - top);
  const rim = Math.min(RIM_PIXELS, Math.floor((map.bottom - map.top - covered) / 4));
  return { left: RIM_PIXELS, right: RIM_PIXELS, top: rim, bottom: covered + rim };
}

/** Where rides are; without it there is nothing to begin with, so whoever waits is told and asks again. */
async function readAreas(api, body) {
  for (;;) {
    try {
      const { items } = await api.get("/v1/service-areas");
      fill(body);
      return items;
    } catch (error) {
      await new Promise((again) => fill(body, problem(error, again)));
    }
  }
}

const layers = () => [
  {
    id: "way-rim",
    type: "line",
    source: "way",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": color("map-land"), "line-width": 7 },
  },
  {
    id: "way",
    type: "line",
    source: "way",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": color("map-ride"), "line-width": 3.5 },
  },
  {
    id: "cars",
    type: "symbol",
    source: "cars",
    layout: { "icon-image": "car", "icon-allow-overlap": true, "icon-rotate": ["get", "bearing"], "icon-rotation-alignment": "map" },
  },
];

const images = () => ({ car: carImage(color("car-en-route"), color("surface")) });

/** How far a ride is, as a bar of steps. */
export function progress(step, of, label) {
  return h(
    "div",
    { class: "progress", role: "img", "aria-label": label },
    Array.from({ length: of }, (_, number) => h("span", { class: number < step ? "done" : "" })),
  );
}

/** The middle of the first city, somewhat off its corners: where a map without a ride begins. */
export function centerOf(areas) {
  const corners = areas[0]?.corners ?? [{ latitude: 0, longitude: 0 }];
  const sum = (name) => corners.reduce((total, corner) => total + corner[name], 0) / corners.length;
  return { latitude: sum("latitude"), longitude: sum("longitude") };
}
