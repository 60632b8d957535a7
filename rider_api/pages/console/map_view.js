/** The live map: drivers by what they do, open rides, offers on their way, surge, zones. The list beside it says the same. */

import { fill, h, icon, problem, refill } from "../lib/dom.js";
import { ago, count, duration, place, shortId, time, words } from "../lib/format.js";
import { bow, collection, feature, lngLat, makeMap } from "../lib/map.js";
import { every } from "../lib/stream.js";
import { ON_A_RIDE, SOURCES, STATES, images, layers } from "./fleet_layers.js";
import { Motion } from "./motion.js";

const LOOK_SECONDS = 2;
const PULSE_SECONDS = 5;
const SURGE_SECONDS = 15;
const FRAME_MILLISECONDS = 66;
const VEHICLES_THAT_GLIDE = 700;
const LISTED_RIDES = 60;
const WAITING = new Set(["requested", "matching", "offered"]);
const MARKS = { requested: "offered", matching: "offered", offered: "offered full", driver_en_route: "en_route full", arrived: "arrived full", in_progress: "in_trip full", returning: "in_trip full" };
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export async function mountMap(root, { api, may }) {
  const holder = h("div", { class: "map" });
  const stats = h("section", { class: "float pulse", "aria-label": "Now" });
  const legend = h("div", { class: "float legend", role: "group", "aria-label": "What the map shows" });
  const list = h("div", { class: "ride-list", tabindex: "0", "aria-label": "Open rides" }, h("div", { class: "skeleton" }));
  const title = h("span", { class: "soft small num" });
  const detail = h("div", { hidden: true, class: "chosen-ride" });
  const side = h("section", { class: "float open-rides", "aria-label": "Open rides" }, h("div", { class: "panel-title" }, h("h2", {}, "Open rides"), title), list, detail);
  fill(root, h("div", { class: "live-map" }, h("h1", { class: "sr" }, "Live map"), holder, stats, legend, side));

  const scene = await makeMap(holder, { label: "Live map of drivers and rides; the list beside it tells the same", sources: SOURCES, layers, images });
  const { map, maplibre } = scene;
  const hidden = new Set();
  const motion = new Motion(LOOK_SECONDS + 0.4);
  const stops = [];
  let fleet = { vehicles: [], rides: [], offers: [], vehicle_count: 0 };
  let areas = [];
  let surge = [];
  let showSurge = true;
  let chosenId = null;
  let gone = false;

  try {
    areas = (await api.get("/v1/service-areas")).items;
    scene.showAreas(areas);
    scene.show(areas.flatMap((area) => area.corners), { animate: false, padding: 20 });
  } catch (error) {
    fill(list, problem(error));
  }
  if (gone) return null;

  /* Looking */

  let found = false;
  const look = every(LOOK_SECONDS, async () => {
    const bounds = map.getBounds();
    const clamp = (value, most) => Math.max(-most, Math.min(most, value));
    try {
      fleet = await api.get("/v1/operator/fleet", {
        south: clamp(bounds.getSouth(), 89),
        west: clamp(bounds.getWest(), 180),
        north: clamp(bounds.getNorth(), 89),
        east: clamp(bounds.getEast(), 180),
        vehicle_limit: 1500,
        ride_limit: 500,
      });
    } catch (error) {
      refill(list, problem(error));
      return;
    }
    motion.see(fleet.vehicles.filter((vehicle) => !hidden.has(vehicle.state)));
    if (!found && fleet.vehicles.length) {
      found = true;
      scene.show(middle(fleet.vehicles), { padding: viewPadding(), maxZoom: 13 });
    }
    draw();
    tell();
  });
  stops.push(look.stop);
  map.on("moveend", look);

  stops.push(
    every(PULSE_SECONDS, async () => {
      const since = new Date(Date.now() - 3600_000).toISOString();
      const pulse = await api.get("/v1/operator/pulse", { since, step_seconds: 60 }).catch(() => null);
      if (pulse) tellPulse(pulse);
    }).stop,
  );
  if (may("operate_cities")) {
    stops.push(
      every(SURGE_SECONDS, async () => {
        const told = await Promise.all(areas.map((area) => api.get(`/v1/operator/cities/${area.city}/surge`, { limit: 1000 }).catch(() => null)));
        surge = told.flatMap((city) => city?.cells ?? []);
        drawSurge();
        tellLegend();
      }).stop,
    );
  }

  /* Drawing */

  let drawnAt = 0;
  let frame = requestAnimationFrame(function glide(now) {
    frame = requestAnimationFrame(glide);
    if (now - drawnAt < FRAME_MILLISECONDS || calm.matches || motion.cars.size > VEHICLES_THAT_GLIDE || !motion.moves(now)) return;
    drawCars(now);
  });
  stops.push(() => cancelAnimationFrame(frame));

  function drawCars(now) {
    drawnAt = now;
    const cars = [...motion.cars.values()];
    const still = calm.matches || cars.length > VEHICLES_THAT_GLIDE;
    scene.setData(
      "fleet",
      collection(
        cars.map((car) => {
          const at = still ? car.to : motion.place(car, now);
          return feature("Point", lngLat(at), { state: car.vehicle.state, bearing: car.direction, id: car.vehicle.driver_id });
        }),
      ),
    );
  }

  function draw() {
    const now = performance.now();
    drawCars(now);
    const cars = [...motion.cars.values()];
    const where = new Map(cars.map((car) => [car.vehicle.driver_id, car]));
    const rides = new Map(fleet.rides.map((ride) => [ride.id, ride]));
    const spotOf = (id) => where.get(id) && motion.place(where.get(id), now);
    scene.setData(
      "trails",
      collection(
        cars
          .filter((car) => car.trail.length > 2 && ON_A_RIDE.has(car.vehicle.state))
          .map((car) => feature("LineString", car.trail.slice(0, -1).map(lngLat), { state: car.vehicle.state })),
      ),
    );
    scene.setData(
      "ways",
      collection(
        fleet.rides.flatMap((ride) => {
          const spot = ride.driver_id && spotOf(ride.driver_id);
          const target = ride.state === "in_progress" ? ride.dropoff : ride.pickup;
          return spot ? [feature("LineString", [lngLat(spot), lngLat(target)])] : [];
        }),
      ),
    );
    scene.setData(
      "offers",
      collection(
        fleet.offers.flatMap((offer) => {
          const [spot, ride] = [spotOf(offer.driver_id), rides.get(offer.ride_id)];
          return spot && ride ? [feature("LineString", bow(spot, ride.pickup))] : [];
        }),
      ),
    );
    scene.setData(
      "ends",
      collection(
        fleet.rides.flatMap((ride) => {
          if (WAITING.has(ride.state)) return [feature("Point", lngLat(ride.pickup), { kind: "waiting", id: ride.id })];
          if (ride.state === "in_progress") return [feature("Point", lngLat(ride.dropoff), { kind: "dropoff", id: ride.id })];
          return [feature("Point", lngLat(ride.pickup), { kind: "pickup", id: ride.id })];
        }),
      ),
    );
    drawChosen();
  }

  function drawSurge() {
    const cells = showSurge && globalThis.h3 ? surge : [];
    scene.setData("surge", collection(cells.map((cell) => feature("Polygon", [globalThis.h3.cellToBoundary(cell.cell, true)], { permille: cell.surge_permille }))));
  }

  function drawChosen() {
    const ride = fleet.rides.find((item) => item.id === chosenId);
    const car = ride?.driver_id && motion.cars.get(ride.driver_id);
    const line = ride ? [car && lngLat(car.to), ride.state !== "in_progress" && lngLat(ride.pickup), lngLat(ride.dropoff)].filter(Boolean) : [];
    scene.setData("chosen", collection(line.length > 1 ? [feature("LineString", line)] : []));
  }

  /* Telling */

  function tell() {
    const names = new Map(fleet.vehicles.map((vehicle) => [vehicle.driver_id, vehicle]));
    title.textContent = fleet.rides.length > LISTED_RIDES ? `newest ${LISTED_RIDES} of ${count(fleet.rides.length)}` : count(fleet.rides.length);
    if (chosenId && !fleet.rides.some((ride) => ride.id === chosenId)) choose(null);
    if (fleet.rides.length === 0) {
      refill(list, h("div", { class: "empty" }, h("strong", {}, "No open rides here"), h("span", {}, "Whoever asks for a ride in this part of the map appears here.")));
    } else {
      const items = fleet.rides.slice(0, LISTED_RIDES).map((ride) => rideItem(ride, names.get(ride.driver_id)));
      refill(list, items);
    }
    tellLegend();
  }

  list.addEventListener("click", (event) => {
    const item = event.target.closest("[data-key]");
    if (item) choose(item.dataset.key === chosenId ? null : item.dataset.key);
  });

  function rideItem(ride, vehicle) {
    const who = vehicle ? `${vehicle.driver_name} · ${vehicle.vehicle_plate}` : ride.driver_id ? `Driver ${shortId(ride.driver_id)}` : "No driver yet";
    return h(
      "button",
      { class: "ride-item", type: "button", "aria-pressed": String(ride.id === chosenId), data: { key: ride.id } },
      h("span", { class: `mark ${MARKS[ride.state] ?? ""}` }),
      h("span", { class: "title" }, words(ride.state)),
      h("time", {}, time(ride.requested_at)),
      h("span", { class: "sub" }, `${words(ride.product)} · ${who}`),
    );
  }

  function choose(id) {
    chosenId = id;
    const ride = fleet.rides.find((item) => item.id === id);
    detail.hidden = !ride;
    if (ride) {
      const car = ride.driver_id && motion.cars.get(ride.driver_id);
      scene.show([ride.pickup, ride.dropoff, car?.to].filter(Boolean), { padding: viewPadding(), maxZoom: 14 });
      fill(
        detail,
        h("div", { class: "row between fixed" }, h("strong", {}, words(ride.state)), h("button", { class: "icon-button", type: "button", "aria-label": "Close", on: { click: () => choose(null) } }, icon("close"))),
        h("dl", { class: "lines small" }, h("div", {}, h("dt", {}, "From"), h("dd", {}, place(ride.pickup))), h("div", {}, h("dt", {}, "To"), h("dd", {}, place(ride.dropoff))), h("div", {}, h("dt", {}, "Asked for"), h("dd", {}, ago(ride.requested_at)))),
        h("a", { class: "button small", href: `#/ride/${ride.id}` }, "The ride's story"),
      );
    }
    drawChosen();
    tell();
  }

  function tellPulse(pulse) {
    const sum = (name) => pulse.steps.reduce((total, step) => total + step[name], 0);
    const of = (states) => pulse.vehicles.filter((item) => states.has(item.state)).reduce((total, item) => total + item.count, 0);
    const onShift = pulse.vehicles.reduce((total, item) => total + item.count, 0);
    const open = pulse.rides.filter((item) => item.state !== "scheduled").reduce((total, item) => total + item.count, 0);
    const pickups = sum("pickup_count");
    const waited = pulse.steps.reduce((total, step) => total + step.mean_wait_seconds * step.pickup_count, 0);
    refill(
      stats,
      [
        [count(onShift), `drivers, ${count(of(ON_A_RIDE))} on a ride`],
        [count(open), "open rides"],
        [count(pulse.open_offer_count), "offers out"],
        [count(sum("completed_count")), "done in 1 h"],
        [pickups ? duration(waited / pickups) : "–", "mean wait"],
      ].map(([value, label]) => h("div", { class: "stat" }, h("span", { class: "value" }, value), h("span", { class: "label" }, label))),
    );
  }

  function tellLegend() {
    const counts = Object.groupBy(fleet.vehicles, (vehicle) => vehicle.state);
    const chips = STATES.filter(([name]) => counts[name] || hidden.has(name) || !["on_break", "silent"].includes(name)).map(([name, text]) =>
      h("button", { class: "chip", type: "button", "aria-pressed": String(!hidden.has(name)), data: { key: name } }, h("span", { class: `mark ${name} ${ON_A_RIDE.has(name) ? "full" : ""}` }), text, h("b", {}, count(counts[name]?.length ?? 0))),
    );
    if (surge.length) chips.push(h("button", { class: "chip", type: "button", "aria-pressed": String(showSurge), data: { key: "surge" } }, h("span", { class: "mark surge full" }), "Surge", h("b", {}, count(surge.length))));
    if (fleet.vehicle_count > fleet.vehicles.length + 50) chips.push(h("span", { class: "chip soft" }, `of ${count(fleet.vehicle_count)} heard of`));
    refill(legend, chips);
  }

  legend.addEventListener("click", (event) => {
    const name = event.target.closest("[data-key]")?.dataset.key;
    if (!name) return;
    if (name === "surge") {
      showSurge = !showSurge;
      drawSurge();
    } else if (!hidden.delete(name)) hidden.add(name);
    motion.see(fleet.vehicles.filter((vehicle) => !hidden.has(vehicle.state)));
    draw();
    tellLegend();
  });

  /* Pointing */

  const popup = new maplibre.Popup({ closeButton: false, maxWidth: "18rem", offset: 14 });
  map.on("click", "fleet", (event) => {
    const car = motion.cars.get(event.features[0].properties.id);
    if (car) popup.setLngLat(lngLat(car.to)).setDOMContent(vehicleCard(car.vehicle)).addTo(map);
  });
  map.on("click", "ends", (event) => choose(event.features[0].properties.id));
  for (const layer of ["fleet", "ends"]) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
  stops.push(() => popup.remove());

  return () => {
    gone = true;
    for (const stop of stops) stop();
    map.remove();
  };
}

function vehicleCard(vehicle) {
  const text = STATES.find(([name]) => name === vehicle.state)?.[1] ?? words(vehicle.state);
  return h(
    "div",
    { class: "popup" },
    h("strong", {}, vehicle.driver_name),
    h("span", { class: "soft" }, `${vehicle.vehicle_plate} · ${words(vehicle.vehicle_class)}`),
    h("span", { class: "row" }, h("span", { class: `mark ${vehicle.state} ${ON_A_RIDE.has(vehicle.state) ? "full" : ""}` }), text),
    h("span", { class: "soft small" }, `Heard of ${ago(vehicle.measured_at)}`),
    vehicle.ride_id && h("a", { href: `#/ride/${vehicle.ride_id}` }, "The ride's story"),
  );
}

/** Most of the places, without those at the rim: where the city is busy. */
function middle(places) {
  const cut = (name) => {
    const sorted = places.map((each) => each[name]).toSorted((a, b) => a - b);
    return [sorted[Math.floor(sorted.length * 0.05)], sorted[Math.ceil(sorted.length * 0.95) - 1] ?? sorted.at(-1)];
  };
  const [south, north] = cut("latitude");
  const [west, east] = cut("longitude");
  return [{ latitude: south, longitude: west }, { latitude: north, longitude: east }];
}

const viewPadding = () => (innerWidth > 720 ? { top: 110, left: 60, right: 370, bottom: 80 } : { top: 130, left: 30, right: 30, bottom: 260 });
