/** Drive: apply, go online, be where the map was clicked, take an offer, and bring somebody there. */

import { newKey } from "../lib/api.js";
import { ask, h, problem, toast } from "../lib/dom.js";
import { distance, minutes, money, place, time, words } from "../lib/format.js";
import { EMPTY, bearing, collection, decodePolyline, feature, lngLat, metersBetween, pinElement, toward } from "../lib/map.js";
import { deployment } from "../lib/session.js";
import { every } from "../lib/stream.js";
import { centerOf, open, progress } from "./scene.js";

const IDLE_SECONDS = 4;
const MOVING_SECONDS = 1;
// A local stack believes fast cars, so that nobody has to wait; elsewhere positions must be those of a real car.
const PACES = deployment.environment === "local" ? [["12", "Fast"], ["120", "Very fast"], ["1", "As in life"]] : [["1", "As in life"]];
const METERS_A_SECOND = 13;
const STEPS = { driver_en_route: 1, arrived: 2, in_progress: 3, completed: 4 };

const scene = await open({
  role: "driver",
  title: "Drive",
  words: "Sign in with your phone, then tell what you drive.",
  phone: "+14155550101",
  note: "Drive",
  mapLabel: "Map: click to drive there",
});
const { api, map, show } = scene;

let driver = null;
let online = false;
let offer = null;
let ride = null;
let earnings = null;
let spot = JSON.parse(sessionStorage.getItem("jitney.spot") ?? "null");
let goal = null;
let way = [];
let heading = 0;
let pace = Number(PACES[0][0]);
let movedAt = performance.now();
let reportedAt = 0;
let shown = "";
/** What the driver has done so far: a look that was under way meanwhile tells of before, and is of no use. */
let deeds = 0;
const pins = {};

start();

async function start() {
  spot ??= deployment.environment === "local" && scene.areas[0]?.city === "san_francisco" ? { latitude: 37.7816, longitude: -122.4156 } : centerOf(scene.areas);
  map.map.jumpTo({ center: lngLat(spot), zoom: 12.2, padding: scene.padding() });
  drawCar();
  map.map.on("click", (event) => {
    if (driver?.status === "approved") driveTo({ latitude: event.lngLat.lat, longitude: event.lngLat.lng });
  });
  const look = every(3, lookAround);
  scene.listen((name) => name !== "notification" && look());
  setInterval(move, 100);
}

/* What is */

async function lookAround() {
  const before = deeds;
  try {
    if (driver?.status !== "approved") {
      const known = await api.get("/v1/driver").catch((error) => ([403, 404, 409].includes(error.status) ? null : Promise.reject(error)));
      if (before !== deeds) return;
      driver = known;
      if (driver === null) return render("application", application);
      if (driver.status !== "approved") return render(driver.status, waiting);
    }
    const [shift, current, asked] = await Promise.all([orNull("/v1/driver/shift"), orNull("/v1/driver/rides/current"), ride ? null : orNull("/v1/driver/offers/current")]);
    let next = ride;
    if (current !== null) {
      if (ride?.id !== current.id || ride.version <= current.version) next = current;
    } else if (ride !== null && STEPS[ride.state] !== 4) next = await endOf(ride);
    const paid = earnings === null || next?.state === "completed" ? await orNull("/v1/driver/earnings") : earnings;
    if (before !== deeds) return;
    online = shift !== null;
    offer = asked;
    ride = next;
    earnings = paid;
    draw();
  } catch (error) {
    if (before === deeds) render(`problem ${error.message}`, () => problem(error, lookAround));
  }
}

const orNull = (path) => api.get(path).catch((error) => (error.status === 404 ? null : Promise.reject(error)));

/** The ride seems no longer under way here: how did it end? Null where it went to another driver. */
const endOf = (gone) => orNull(`/v1/driver/rides/${gone.id}`);

function draw() {
  if (ride) {
    mark("from", ride.pickup);
    mark("to", ride.dropoff);
    return render(`ride ${ride.id} ${ride.version} ${nearGoal()}`, rideCard);
  }
  if (offer) {
    mark("from", offer.pickup);
    mark("to", offer.dropoff);
    return render(`offer ${offer.id}`, offerCard);
  }
  mark("from", null);
  mark("to", null);
  return render(`idle ${online} ${JSON.stringify(earnings?.balances)}`, idleCard);
}

/** Show something unless it is shown already: what somebody is typing stays. */
function render(name, make) {
  if (shown === name) return;
  const [subject, id] = name.split(" ");
  if ((subject === "offer" || subject === "ride") && !shown.startsWith(`${subject} ${id}`)) {
    const { pickup, dropoff } = ride ?? offer;
    map.show([spot, pickup, dropoff], { padding: scene.padding() });
  }
  shown = name;
  show(make());
}

function mark(which, where) {
  if (where === null) {
    pins[which]?.remove();
    delete pins[which];
    return;
  }
  pins[which] ??= map.marker(where, pinElement(which));
  pins[which].setLngLat(lngLat(where));
}

/* Becoming a driver */

function application(trouble) {
  const field = (name, label, value, props = {}) => h("div", { class: "field" }, h("label", { for: name }, label), h("input", { id: name, name, value, required: true, ...props }));
  const plate = `7TRY${String(Math.floor(Math.random() * 900) + 100)}`;
  const form = h(
    "form",
    { class: "stack" },
    h("div", { class: "stack tight" }, h("h1", {}, "Apply as a driver"), h("p", { class: "soft" }, deployment.environment === "local" ? "A local stack approves at once." : "An operator looks at each application.")),
    field("name", "Your name", "Ana", { maxlength: "60", autocomplete: "given-name" }),
    h("div", { class: "row fixed" }, field("model", "Vehicle", "Toyota Prius", { maxlength: "60" }), field("color", "Color", "blue", { maxlength: "30" })),
    h(
      "div",
      { class: "row fixed" },
      field("plate", "Plate", plate, { maxlength: "16" }),
      h("div", { class: "field grow" }, h("label", { for: "class" }, "Class"), h("select", { id: "class", name: "class" }, ["economy", "xl", "wheelchair"].map((name) => h("option", { value: name }, words(name))))),
    ),
    trouble,
    h("button", { class: "button primary wide" }, "Apply"),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    const vehicle = { model: given.model, color: given.color, plate: given.plate, vehicle_class: given.class };
    try {
      driver = await api.post("/v1/driver/application", { display_name: given.name, vehicle });
      deeds += 1;
      shown = "";
      await lookAround();
    } catch (error) {
      show(application(problem(error)));
    }
  });
  return form;
}

function waiting() {
  const told = { pending: ["Your application is with us", "An operator decides. This page goes on by itself."], rejected: ["Your application was declined", "Ask the people who run the service why."], suspended: ["You cannot drive just now", "Ask the people who run the service why."] };
  const [title, text] = told[driver.status] ?? [words(driver.status), ""];
  return h("div", { class: "stack" }, h("h1", {}, title), h("p", { class: "soft" }, text));
}

/* Free */

function idleCard() {
  const balance = earnings?.balances.length ? earnings.balances : [];
  return h(
    "div",
    { class: "stack", data: { driver: driver.id } },
    h("h1", {}, online ? "You are online" : "You are offline"),
    onlineSwitch(),
    online
      ? h("p", { class: "soft" }, "Offers appear here. Click the map to drive somewhere.")
      : h("ol", { class: "steps" }, h("li", {}, "Click the map to put your car near riders."), h("li", {}, "Go online."), h("li", {}, "Ask for a ride in the rider's page, in another window.")),
    paceField(),
    h(
      "section",
      { class: "card stack tight", "aria-label": "Earnings" },
      h("h3", {}, "Owed to you"),
      h("span", { class: "sum" }, balance.length ? balance.map(money).join(" + ") : "Nothing yet"),
      earnings?.entries.length > 0 &&
        h("dl", { class: "lines small" }, earnings.entries.slice(0, 4).map((entry) => h("div", {}, h("dt", {}, `${words(entry.kind)} · ${time(entry.created_at)}`), h("dd", {}, money(entry.amount))))),
    ),
  );
}

function onlineSwitch() {
  const button = h("button", { class: "switch", type: "button", role: "switch", "aria-checked": String(online) }, h("span", {}, online ? "Taking rides" : "Go online"), h("span", { class: "knob", "aria-hidden": "true" }));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if (!online) await report(true);
      online = (await api.put("/v1/driver/availability", { online: !online })).online;
      deeds += 1;
      if (online) await report(true);
    } catch (error) {
      toast(error.message, "bad");
    }
    shown = "";
    draw();
  });
  return button;
}

function paceField() {
  if (PACES.length < 2) return null;
  return h(
    "div",
    { class: "field" },
    h("label", { for: "pace" }, "Your car drives"),
    h("select", { id: "pace", on: { change: (event) => (pace = Number(event.target.value)) } }, PACES.map(([value, text]) => h("option", { value, selected: Number(value) === pace }, text))),
  );
}

/* An offer */

function offerCard() {
  const whole = Math.max(1, (new Date(offer.expires_at) - Date.now()) / 1000);
  const bar = h("span");
  const mine = offer.id;
  const began = performance.now();
  const run = () => {
    const left = 1 - (performance.now() - began) / (whole * 1000);
    bar.style.transform = `scaleX(${Math.max(0, left)})`;
    if (left > 0 && offer?.id === mine) requestAnimationFrame(run);
  };
  requestAnimationFrame(run);
  return h(
    "div",
    { class: "stack", data: { offer: offer.id } },
    h("div", { class: "countdown", role: "timer", "aria-label": `${Math.round(whole)} seconds to answer` }, bar),
    h("div", { class: "row between" }, h("h1", {}, "A ride for you"), h("span", { class: "badge" }, offer.funding === "cash" ? "Cash" : words(offer.funding))),
    h("div", { class: "row between" }, h("span", { class: "sum" }, money(offer.earnings)), h("span", { class: "soft" }, `${minutes(offer.pickup_eta_seconds)} away · trip of ${distance(offer.distance_meters)}`)),
    legs(offer),
    h("button", { class: "button primary wide", type: "button", on: { click: (event) => accept(event.currentTarget) } }, "Accept"),
    h("button", { class: "button plain wide", type: "button", on: { click: decline } }, "Decline"),
  );
}

const legs = (trip) =>
  h("div", { class: "leg" }, h("span", { class: "dot" }), h("span", {}, h("span", { class: "sr" }, "From "), place(trip.pickup)), h("span", { class: "dot to" }), h("span", {}, h("span", { class: "sr" }, "To "), place(trip.dropoff)));

async function accept(button) {
  button.disabled = true;
  try {
    ride = await api.post(`/v1/driver/offers/${offer.id}/accept`);
  } catch (error) {
    toast(error.message, "bad");
  }
  offer = null;
  deeds += 1;
  draw();
}

async function decline() {
  const declined = offer.id;
  offer = null;
  draw();
  await api.post(`/v1/driver/offers/${declined}/decline`).catch((error) => toast(error.message, "bad"));
  deeds += 1;
}

/* A ride */

const goalOf = () => (ride === null ? null : ride.state === "in_progress" ? ride.dropoff : ride.pickup);
const nearGoal = () => goalOf() !== null && metersBetween(spot, goalOf()) < 150;

function rideCard(trouble) {
  const rider = ride.rider_name || "your rider";
  const title = { driver_en_route: `Pick up ${rider}`, arrived: `Waiting for ${rider}`, in_progress: `Driving ${rider}`, completed: "Ride completed" }[ride.state] ?? words(ride.state);
  return h(
    "div",
    { class: "stack", data: { ride: ride.id, state: ride.state } },
    STEPS[ride.state] && progress(STEPS[ride.state], 4, title),
    h("h1", {}, title),
    trouble,
    STEPS[ride.state] !== undefined && ride.state !== "completed" && legs(ride),
    ride.state === "driver_en_route" && [drive("Drive to the pickup", ride.pickup), act("I am here", "arrive", nearGoal())],
    ride.state === "arrived" && pinForm(),
    ride.state === "in_progress" && [drive("Drive to the destination", ride.dropoff), act("Complete the ride", "complete", nearGoal())],
    ["driver_en_route", "arrived"].includes(ride.state) && h("button", { class: "button plain wide", type: "button", on: { click: giveBack } }, "Give the ride back"),
    ride.state === "arrived" && h("button", { class: "button plain wide", type: "button", on: { click: noShow } }, "The rider does not come"),
    !["driver_en_route", "arrived", "in_progress"].includes(ride.state) && ended(),
  );
}

function drive(text, where) {
  return h(
    "button",
    {
      class: `button wide ${nearGoal() ? "" : "primary"}`,
      type: "button",
      disabled: nearGoal(),
      on: { click: () => driveAlong(where) },
    },
    nearGoal() ? "You are there" : text,
  );
}

function act(text, step, primary) {
  return h("button", { class: `button wide ${primary ? "primary" : ""}`, type: "button", on: { click: (event) => go(step, undefined, event.currentTarget) } }, text);
}

async function go(step, body, button) {
  if (button) button.disabled = true;
  try {
    await report(true);
    ride = await api.post(`/v1/driver/rides/${ride.id}/${step}`, body, newKey());
    deeds += 1;
    if (ride.state === "completed") stopDriving();
    draw();
  } catch (error) {
    shown = `trouble ${error.message}`;
    show(rideCard(problem(error)));
  }
}

function pinForm() {
  const input = h("input", { id: "pin", class: "code", name: "pin", inputmode: "numeric", pattern: "[0-9]{4}", maxlength: "4", required: true, autocomplete: "off" });
  const form = h("form", { class: "stack" }, h("div", { class: "field" }, h("label", { for: "pin" }, "The PIN that the rider tells you"), input), h("button", { class: "button primary wide" }, "Start the trip"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go("start", { pin: input.value });
  });
  return form;
}

async function giveBack() {
  if (!(await ask({ title: "Give the ride back?", words: "Another driver is looked for.", action: "Give it back", danger: true }))) return;
  try {
    await api.post(`/v1/driver/rides/${ride.id}/cancel`, { reason: "given back by hand" });
    ride = null;
    deeds += 1;
    stopDriving();
  } catch (error) {
    toast(error.message, "bad");
  }
  draw();
}

async function noShow() {
  try {
    ride = await api.post(`/v1/driver/rides/${ride.id}/no-show`);
    deeds += 1;
  } catch (error) {
    toast(error.message, "bad");
  }
  draw();
}

function ended() {
  return [
    h("p", { class: "soft" }, ride.state === "completed" ? `${money(ride.fare.total)} ${ride.funding === "cash" ? "to be paid to you in cash" : "is collected from the rider"}. Your share is added to what is owed to you.` : "Nothing more is to be done."),
    h(
      "button",
      {
        class: "button primary wide",
        type: "button",
        on: {
          click: () => {
            ride = null;
            earnings = null;
            deeds += 1;
            shown = "";
            lookAround();
          },
        },
      },
      "Next ride",
    ),
  ];
}

/* The car */

function driveTo(where) {
  goal = where;
  way = [where];
  drawWay();
}

async function driveAlong(where) {
  way = [where];
  const route = ride && (await api.get(`/v1/rides/${ride.id}/route`).catch(() => null));
  const leg = route?.legs[0];
  if (leg?.polyline) way = [...decodePolyline(leg.polyline).map(([longitude, latitude]) => ({ latitude, longitude })), where];
  goal = where;
  drawWay();
  map.show([spot, where], { padding: scene.padding() });
}

function stopDriving() {
  goal = null;
  way = [];
  map.setData("way", EMPTY);
}

function move() {
  const now = performance.now();
  let meters = (METERS_A_SECOND * pace * (now - movedAt)) / 1000;
  movedAt = now;
  if (goal !== null) {
    const before = spot;
    while (meters > 0 && way.length) {
      const leg = metersBetween(spot, way[0]);
      spot = toward(spot, way[0], meters);
      meters -= leg;
      if (meters >= 0) way.shift();
    }
    if (metersBetween(before, spot) > 0.5) heading = bearing(before, spot);
    if (!way.length) {
      stopDriving();
      report(true).catch(() => {});
      if (ride) draw();
    } else drawWay();
    drawCar();
    sessionStorage.setItem("jitney.spot", JSON.stringify(spot));
  }
  if (online && now - reportedAt > (goal === null ? IDLE_SECONDS : MOVING_SECONDS) * 1000) report(false).catch(() => {});
}

/** Tell where the car is. Nobody is told while the driver is offline. */
async function report(always) {
  reportedAt = performance.now();
  if (!online && !always) return;
  const measured = Date.now();
  const ping = { latitude: spot.latitude, longitude: spot.longitude, measured_at: new Date(measured).toISOString(), sequence: measured };
  if (online) await api.post("/v1/driver/locations", { locations: [ping] });
}

function drawCar() {
  map.setData("cars", collection([feature("Point", lngLat(spot), { bearing: heading })]));
}

function drawWay() {
  map.setData("way", collection([feature("LineString", [lngLat(spot), ...way.map(lngLat)])]));
}
