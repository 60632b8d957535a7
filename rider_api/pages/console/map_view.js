/** The live map: drivers by what they do, open rides, offers on their way, surge, zones. The list beside it says the same. */

import { fill, h, problem } from "../lib/dom.js";
import { makeMap } from "../lib/map.js";
import { every } from "../lib/stream.js";
import { SOURCES, images, layers } from "./fleet_layers.js";
import { FleetMap } from "./fleet_map.js";
import { legendPanel, ridesPanel, statsPanel } from "./fleet_panels.js";

const LOOK_SECONDS = 2;
const PULSE_SECONDS = 5;
const SURGE_SECONDS = 15;
const AREAS_SECONDS = 10;
const NOBODY = { vehicles: [], rides: [], offers: [], vehicle_count: 0 };
const EVERYWHERE = { south: -89, west: -180, north: 89, east: 180 };

/** Where the cities serve, as far as that is known. */
function boxOf(areas) {
  const corners = areas.flatMap((area) => area.corners);
  const [latitudes, longitudes] = ["latitude", "longitude"].map((name) => corners.map((corner) => corner[name]));
  return corners.length ? { south: Math.min(...latitudes), west: Math.min(...longitudes), north: Math.max(...latitudes), east: Math.max(...longitudes) } : EVERYWHERE;
}

export function mountMap(root, { api, may }) {
  const holder = h("div", { class: "map" });
  const hidden = new Set();
  const stops = [];
  let drawn = null;
  let fleet = NOBODY;
  let areas = [];
  let surge = [];
  let chosenId = null;
  let gone = false;

  const stats = statsPanel();
  const legend = legendPanel(toggle);
  const rides = ridesPanel(choose);
  fill(root, h("div", { class: "live-map" }, h("h1", { class: "sr" }, "Live map"), holder, stats.panel, legend.panel, rides.panel));

  // Who reads the list need not wait for the map; where there can be none, the list is all there is.
  const making = makeMap(holder, { label: "Live map of drivers and rides; the list beside it tells the same", sources: SOURCES, layers, images });
  making.then(begin, (error) => {
    if (!gone) fill(holder, h("div", { class: "empty" }, problem({ title: "The map cannot be drawn", message: `Is WebGL switched off in this browser? ${error.message}` })));
  });

  function begin(scene) {
    if (gone) {
      scene.map.remove();
      return;
    }
    drawn = new FleetMap(scene, LOOK_SECONDS, choose);
    if (areas.length) drawn.showAreas(areas);
    drawn.drawSurge(shownSurge());
    scene.map.on("moveend", look);
    look();
  }

  const look = every(LOOK_SECONDS, async () => {
    try {
      const seen = await api.get("/v1/operator/fleet", { ...(drawn?.box() ?? boxOf(areas)), vehicle_limit: 1500, ride_limit: 500 });
      if (gone) return;
      fleet = seen;
    } catch (error) {
      if (!gone) rides.fail(error);
      return;
    }
    drawn?.see(fleet, hidden, chosenId);
    tell();
  });
  stops.push(look.stop);

  const pulse = every(PULSE_SECONDS, async () => {
    try {
      stats.tell(await api.get("/v1/operator/pulse", { since: new Date(Date.now() - 3600_000).toISOString(), step_seconds: 60 }));
    } catch (error) {
      stats.fail(error);
    }
  });
  stops.push(pulse.stop);

  const lookAtSurge = every(SURGE_SECONDS, async () => {
    if (!may("operate_cities") || !areas.length) return;
    const told = await Promise.all(areas.map((area) => api.get(`/v1/operator/cities/${area.city}/surge`, { limit: 1000 }).catch(() => null)));
    if (gone) return;
    surge = told.flatMap((city) => city?.cells ?? []);
    drawn?.drawSurge(shownSurge());
    legend.tell(fleet, hidden, surge);
  });
  stops.push(lookAtSurge.stop);

  // They rarely change: asked for until they are known. What does not answer is told by the looks.
  const areasKnown = every(AREAS_SECONDS, async () => {
    const told = await api.get("/v1/service-areas").catch(() => null);
    if (told === null || gone) return;
    areas = told.items;
    areasKnown.stop();
    drawn?.showAreas(areas);
    lookAtSurge();
  });
  stops.push(areasKnown.stop);

  function tell() {
    if (chosenId && !fleet.rides.some((ride) => ride.id === chosenId)) {
      chosenId = null;
      drawn?.drawChosen(null);
    }
    rides.tell(fleet, chosenId);
    legend.tell(fleet, hidden, surge);
  }

  function choose(id) {
    chosenId = id;
    const ride = fleet.rides.find((item) => item.id === id);
    if (ride) drawn?.show(ride);
    drawn?.drawChosen(id);
    tell();
  }

  const shownSurge = () => (hidden.has("surge") ? [] : surge);

  function toggle(name) {
    if (!hidden.delete(name)) hidden.add(name);
    if (name === "surge") drawn?.drawSurge(shownSurge());
    else drawn?.see(fleet, hidden, chosenId);
    tell();
  }

  return () => {
    gone = true;
    for (const stop of stops) stop();
    drawn?.remove();
  };
}
