/** The panels beside the live map: what goes on by numbers, the legend that hides and shows, the open rides. */

import { h, icon, problem, refill, update } from "../lib/dom.js";
import { count, duration, place, shortId, time, words } from "../lib/format.js";
import { ON_A_RIDE, STATES } from "./fleet_layers.js";

const LISTED_RIDES = 60;
const PRESS_MILLISECONDS = 1_000;
const MARKS = { requested: "offered", matching: "offered", offered: "offered full", driver_en_route: "en_route full", arrived: "arrived full", in_progress: "in_trip full", returning: "in_trip full" };

/** Figures of the last hour and of now. */
export function statsPanel() {
  const panel = h("section", { class: "float pulse", "aria-label": "Now" });

  function tell(pulse) {
    const sum = (name) => pulse.steps.reduce((total, step) => total + step[name], 0);
    const of = (states) => pulse.vehicles.filter((item) => states.has(item.state)).reduce((total, item) => total + item.count, 0);
    const onShift = pulse.vehicles.reduce((total, item) => total + item.count, 0);
    const open = pulse.rides.filter((item) => item.state !== "scheduled").reduce((total, item) => total + item.count, 0);
    const pickups = sum("pickup_count");
    const waited = pulse.steps.reduce((total, step) => total + step.mean_wait_seconds * step.pickup_count, 0);
    refill(
      panel,
      [
        [count(onShift), `drivers, ${count(of(ON_A_RIDE))} on a ride`],
        [count(open), "open rides"],
        [count(pulse.open_offer_count), "offers out"],
        [count(sum("completed_count")), "done in 1 h"],
        [pickups ? duration(waited / pickups) : "–", "mean wait"],
      ].map(([value, label]) => h("div", { class: "stat" }, h("span", { class: "value" }, value), h("span", { class: "label" }, label))),
    );
  }

  return { panel, tell, fail: (error) => refill(panel, problem(error)) };
}

/**
 * What the map shows, each state with its count.
 * @param {(name: string) => void} onToggle called with a state of vehicles, or `surge`
 */
export function legendPanel(onToggle) {
  const panel = h("div", { class: "float legend", role: "group", "aria-label": "What the map shows" });
  panel.addEventListener("click", (event) => {
    const name = event.target.closest("[data-key]")?.dataset.key;
    if (name) onToggle(name);
  });

  function tell(fleet, hidden, surge) {
    const counts = Object.groupBy(fleet.vehicles, (vehicle) => vehicle.state);
    const chip = (name, mark, text, number) => h("button", { class: "chip", type: "button", "aria-pressed": String(!hidden.has(name)), data: { key: name } }, h("span", { class: `mark ${mark}` }), text, h("b", {}, count(number)));
    const chips = STATES.filter(([name]) => counts[name] || hidden.has(name) || !["on_break", "silent"].includes(name)).map(([name, text]) => chip(name, `${name} ${ON_A_RIDE.has(name) ? "full" : ""}`, text, counts[name]?.length ?? 0));
    if (surge.length) chips.push(chip("surge", "surge full", "Surge", surge.length));
    if (fleet.vehicle_count > fleet.vehicles.length + 50) chips.push(h("span", { class: "chip soft" }, `of ${count(fleet.vehicle_count)} heard of`));
    update(panel, chips);
  }

  return { panel, tell };
}

/**
 * The open rides, newest first, and the one that was chosen.
 * @param {(rideId: string | null) => void} onChoose
 */
export function ridesPanel(onChoose) {
  const list = h("div", { class: "ride-list", tabindex: "0", "aria-label": "Open rides" }, h("div", { class: "skeleton" }));
  const title = h("span", { class: "soft small num" });
  const detail = h("div", { hidden: true, class: "chosen-ride" });
  const panel = h("section", { class: "float open-rides", "aria-label": "Open rides" }, h("div", { class: "panel-title" }, h("h2", {}, "Open rides"), title), list, detail);
  let chosen = null;
  let pressedUntil = 0;
  list.addEventListener("pointerdown", () => (pressedUntil = performance.now() + PRESS_MILLISECONDS));
  for (const name of ["pointerup", "pointercancel"]) list.addEventListener(name, () => (pressedUntil = 0));
  list.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]")?.dataset.key;
    if (key) onChoose(key === chosen ? null : key);
  });
  detail.addEventListener("click", (event) => event.target.closest("[data-key=close]") && onChoose(null));

  function tell(fleet, chosenId) {
    chosen = chosenId;
    const names = new Map(fleet.vehicles.map((vehicle) => [vehicle.driver_id, vehicle]));
    title.textContent = fleet.rides.length > LISTED_RIDES ? `newest ${LISTED_RIDES} of ${count(fleet.rides.length)}` : count(fleet.rides.length);
    // A row does not move away below a pointer that is down: the click would be nobody's. The next look tells.
    if (performance.now() >= pressedUntil) tellList(fleet, names);
    const ride = fleet.rides.find((item) => item.id === chosenId);
    detail.hidden = !ride;
    update(detail, ride && rideDetail(ride));
  }

  function tellList({ rides }, names) {
    if (rides.length === 0) update(list, h("div", { class: "empty" }, h("strong", {}, "No open rides here"), h("span", {}, "Whoever asks for a ride in this part of the map appears here.")));
    else update(list, rides.slice(0, LISTED_RIDES).map((ride) => rideItem(ride, names.get(ride.driver_id), chosen)));
  }

  return { panel, tell, fail: (error) => update(list, problem(error)) };
}

function rideItem(ride, vehicle, chosenId) {
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

const rideDetail = (ride) => [
  h("div", { class: "row between fixed" }, h("strong", {}, words(ride.state)), h("button", { class: "icon-button", type: "button", "aria-label": "Close", data: { key: "close" } }, icon("close"))),
  h("dl", { class: "lines small" }, h("div", {}, h("dt", {}, "From"), h("dd", {}, place(ride.pickup))), h("div", {}, h("dt", {}, "To"), h("dd", {}, place(ride.dropoff))), h("div", {}, h("dt", {}, "Asked for"), h("dd", {}, time(ride.requested_at)))),
  h("a", { class: "button small", href: `#/ride/${ride.id}`, data: { key: "story" } }, "The ride's story"),
];
