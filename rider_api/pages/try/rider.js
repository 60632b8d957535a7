/** Take a ride: where from and to, what it costs, the driver on the map, the receipt. */

import { newKey } from "../lib/api.js";
import { ask, h, icon, problem, toast } from "../lib/dom.js";
import { distance, minutes, money, place, words } from "../lib/format.js";
import { EMPTY, bearing, collection, decodePolyline, feature, lngLat, pinElement } from "../lib/map.js";
import { every } from "../lib/stream.js";
import { centerOf, open, progress } from "./scene.js";

const ENDED = new Set(["completed", "canceled_by_rider", "canceled_by_platform", "no_show", "no_driver_available", "payment_failed", "returned"]);
const STEPS = { requested: 1, matching: 1, offered: 1, driver_en_route: 2, arrived: 3, in_progress: 4, completed: 5 };
const HEADLINES = {
  scheduled: ["Your ride is booked", "A driver is looked for when it is time."],
  requested: ["Reserving the fare", "The amount is held on your card, not taken."],
  matching: ["Looking for a driver", "Drivers around you are being weighed."],
  offered: ["A driver is being asked", "They have a few seconds to answer."],
  driver_en_route: ["Your driver is on the way", null],
  arrived: ["Your driver is here", "Tell them the PIN when you get in."],
  in_progress: ["On the way", null],
  completed: ["You have arrived", "The receipt comes with the payment."],
  no_driver_available: ["No driver was free", "Nothing was charged."],
  payment_failed: ["The payment was declined", "Choose another way to pay."],
  canceled_by_rider: ["You canceled the ride", null],
  canceled_by_platform: ["The ride was canceled for you", "Nothing was charged."],
  no_show: ["The driver waited and left", "A fee may have been charged."],
};
const CANCELABLE = new Set(["requested", "matching", "offered", "driver_en_route", "arrived", "scheduled"]);

const scene = await open({
  role: "rider",
  title: "Take a ride",
  words: "Sign in with your phone. The first time makes your account.",
  phone: "+14155550100",
  note: "Ride",
  mapLabel: "Map: click to choose where from and where to",
});
const { api, map, show } = scene;

const trip = { from: null, to: null, choosing: "from", quotes: [], quoteId: null, funding: "card" };
const pins = {};
let ride = null;
let receipt = null;
let wayVersion = "";
let seenRide = sessionStorage.getItem("jitney.ride");
let lastSpot = null;
let asked = 0;

start();

async function start() {
  const where = centerOf(scene.areas);
  const busy = { latitude: 37.7816, longitude: -122.4156 };
  const begin = scene.areas[0]?.city === "san_francisco" ? busy : where;
  map.map.jumpTo({ center: lngLat(begin), zoom: 12.2, padding: scene.padding() });
  map.map.on("click", (event) => {
    if (ride === null) put(trip.choosing, { latitude: event.lngLat.lat, longitude: event.lngLat.lng });
  });
  const look = every(4, lookAtRide);
  scene.listen((name) => name !== "notification" && look());
  every(2, followDriver);
}

/* Choosing */

function put(which, where) {
  pin(which, where);
  if (which === "from" && !trip.to) trip.choosing = "to";
  trip.quotes = [];
  if (trip.from && trip.to) quote();
  else choose();
}

function pin(which, where) {
  trip[which] = { latitude: +where.latitude.toFixed(6), longitude: +where.longitude.toFixed(6) };
  if (pins[which]) pins[which].setLngLat(lngLat(where));
  else {
    pins[which] = map.marker(where, pinElement(which), { draggable: true });
    pins[which].on("dragend", () => {
      const spot = pins[which].getLngLat();
      put(which, { latitude: spot.lat, longitude: spot.lng });
    });
  }
}

function clearPins() {
  for (const name of Object.keys(pins)) {
    pins[name].remove();
    delete pins[name];
  }
  Object.assign(trip, { from: null, to: null, choosing: "from", quotes: [], quoteId: null });
  map.setData("way", EMPTY);
  map.setData("cars", EMPTY);
}

function stopField(which, title) {
  const where = trip[which];
  return h(
    "button",
    {
      class: "stop-field",
      type: "button",
      "aria-pressed": String(trip.choosing === which),
      on: {
        click: () => {
          trip.choosing = which;
          choose();
        },
      },
    },
    h("span", { class: `dot ${which}` }),
    h("span", {}, h("span", { class: "sr" }, `${title}: `), where ? place(where) : h("span", { class: "soft" }, title)),
    where && h("span", { class: "soft small" }, "Change"),
  );
}

function choose(trouble) {
  show(
    h(
      "div",
      { class: "stack" },
      h("div", { class: "stack tight" }, h("h1", {}, "Where to?"), h("p", { class: "soft" }, trip.choosing === "from" ? "Click the map where you want to be picked up." : "Now click where you want to go.")),
      h("div", { class: "stops" }, stopField("from", "Pickup"), stopField("to", "Destination")),
      trouble,
      h("details", {}, h("summary", {}, "Type coordinates instead"), coordinateForm()),
    ),
  );
}

function coordinateForm() {
  const field = (name, label, value) =>
    h("div", { class: "field" }, h("label", { for: name }, label), h("input", { id: name, name, required: true, inputmode: "text", pattern: "\\s*-?[0-9.]+\\s*,\\s*-?[0-9.]+\\s*", value }));
  const form = h(
    "form",
    { class: "stack" },
    field("from-text", "Pickup: latitude, longitude", trip.from ? `${trip.from.latitude}, ${trip.from.longitude}` : "37.4520, -122.1630"),
    field("to-text", "Destination: latitude, longitude", trip.to ? `${trip.to.latitude}, ${trip.to.longitude}` : "37.4275, -122.1697"),
    h("button", { class: "button" }, "Show prices"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const read = (name) => {
      const [latitude, longitude] = form.elements[name].value.split(",").map(Number);
      return { latitude, longitude };
    };
    // Both ends before the prices are asked for, once.
    pin("from", read("from-text"));
    put("to", read("to-text"));
    map.show([trip.from, trip.to], { padding: scene.padding() });
  });
  return form;
}

async function quote() {
  const turn = ++asked;
  showQuotes();
  try {
    // Goods and shared rides have conditions of their own; this page asks for plain rides.
    const sold = await api.get("/v1/products", trip.from && { latitude: trip.from.latitude, longitude: trip.from.longitude });
    const deliveries = new Set(sold.items.filter((item) => item.kind === "delivery").map((item) => item.product));
    const { quotes } = await api.post("/v1/quotes", { pickup: trip.from, dropoff: trip.to });
    if (turn !== asked) return;
    trip.quotes = quotes.filter((item) => item.max_detour_seconds === null && !deliveries.has(item.product));
    trip.quoteId = trip.quotes[0]?.id ?? null;
    drawWay(trip.quotes[0]?.route_polyline);
    showQuotes();
  } catch (error) {
    if (turn === asked) choose(problem(error, quote));
  }
}

function drawWay(polyline) {
  const line = polyline ? decodePolyline(polyline) : [lngLat(trip.from), lngLat(trip.to)];
  map.setData("way", collection([feature("LineString", line)]));
}

function showQuotes(trouble) {
  const chosen = trip.quotes.find((item) => item.id === trip.quoteId);
  const options = trip.quotes.map((item) =>
    h(
      "label",
      { class: "quote" },
      h("input", {
        type: "radio",
        name: "quote",
        value: item.id,
        checked: item.id === trip.quoteId,
        on: {
          change: () => {
            trip.quoteId = item.id;
            showQuotes();
          },
        },
      }),
      h("strong", {}, words(item.product)),
      h("span", { class: "price" }, money(item.fare.total)),
      h(
        "span",
        { class: "facts" },
        item.pickup_eta_seconds === null ? "No driver near just now" : `${minutes(item.pickup_eta_seconds)} away`,
        ` · ${minutes(item.trip_eta_seconds)}, ${distance(item.distance_meters)}`,
        item.surge_permille > 1000 && h("span", { class: "badge warn" }, `×${(item.surge_permille / 1000).toFixed(2)} demand`),
      ),
    ),
  );
  const pay = h(
    "select",
    { id: "funding", on: { change: (event) => (trip.funding = event.target.value) } },
    [["card", "Test card"], ["cash", "Cash to the driver"]].map(([value, text]) => h("option", { value, selected: value === trip.funding }, text)),
  );
  show(
    h(
      "div",
      { class: "stack" },
      h("h1", {}, "Choose a ride"),
      h("div", { class: "stops" }, stopField("from", "Pickup"), stopField("to", "Destination")),
      trip.quotes.length
        ? h("fieldset", { class: "quotes" }, h("legend", { class: "sr" }, "Rides"), options)
        : h("div", { class: "quotes", "aria-label": "Prices are being asked for" }, [1, 2].map(() => h("div", { class: "quote" }, h("span", { class: "skeleton grow" }), h("span", { class: "skeleton" })))),
      h("div", { class: "field" }, h("label", { for: "funding" }, "Pay with"), pay),
      trouble,
      h("button", { class: "button primary wide", type: "button", disabled: !chosen, on: { click: (event) => request(chosen, event.currentTarget) } }, chosen ? `Request ${chosen.product} for ${money(chosen.fare.total)}` : "Request"),
    ),
  );
}

async function request(chosen, button) {
  button.disabled = true;
  const key = newKey();
  try {
    if (chosen.surge_consent_token) {
      const agreed = await ask({ title: "Demand is high", words: `Prices are ${(chosen.surge_permille / 1000).toFixed(2)} times the usual. The ride costs ${money(chosen.fare.total)}.`, action: "Ride anyway" });
      if (!agreed) return showQuotes();
    }
    const body = { quote_id: chosen.id, funding: trip.funding };
    if (trip.funding === "card") body.payment_method_id = await card();
    if (chosen.surge_consent_token) body.surge_consent_token = chosen.surge_consent_token;
    follow(await api.post("/v1/rides", body, key));
  } catch (error) {
    if (error.code === "quote_expired") return quote();
    showQuotes(problem(error));
  }
}

async function card() {
  const { items } = await api.get("/v1/payment-methods");
  if (items.length) return (items.find((item) => item.is_default) ?? items[0]).id;
  return (await api.post("/v1/payment-methods", { psp_token: "pm_card_visa" })).id;
}

/* Riding */

function follow(next) {
  // Prices that are still on their way are of no use to whoever rides.
  asked += 1;
  ride = next;
  seenRide = next.id;
  sessionStorage.setItem("jitney.ride", next.id);
  trip.from = next.pickup;
  trip.to = next.dropoff;
  for (const [which, where] of [["from", next.pickup], ["to", next.dropoff]]) {
    pins[which] ??= map.marker(where, pinElement(which));
    pins[which].setLngLat(lngLat(where)).setDraggable(false);
  }
  showRide();
}

async function lookAtRide() {
  try {
    if (ride === null && seenRide === null) {
      const current = await api.get("/v1/rides/current").catch((error) => (error.status === 404 ? null : Promise.reject(error)));
      if (current) {
        follow(current);
        map.show([current.pickup, current.dropoff], { padding: scene.padding() });
      } else if (!scene.body.hasChildNodes()) choose();
      return;
    }
    if (ride !== null && ENDED.has(ride.state) && (receipt !== null || ride.state !== "completed")) return;
    const next = await api.get(`/v1/rides/${ride?.id ?? seenRide}`);
    if (next.state === "completed" && next.payment_state === "captured" && receipt === null) {
      receipt = await api.get(`/v1/rides/${next.id}/receipt`).catch(() => null);
      follow(next);
    } else if (ride === null || next.version > ride.version) {
      const began = ride === null;
      follow(next);
      if (began) map.show([next.pickup, next.dropoff], { padding: scene.padding() });
    }
  } catch (error) {
    if (error.status === 404) {
      forget();
      return;
    }
    if (!scene.body.hasChildNodes()) show(problem(error));
  }
}

function forget() {
  ride = null;
  receipt = null;
  seenRide = null;
  lastSpot = null;
  wayVersion = "";
  sessionStorage.removeItem("jitney.ride");
  clearPins();
  choose();
}

async function followDriver() {
  if (ride === null || !["driver_en_route", "arrived", "in_progress"].includes(ride.state)) {
    map.setData("cars", EMPTY);
    return;
  }
  const [spot, route] = await Promise.all([
    api.get(`/v1/rides/${ride.id}/location`).catch(() => null),
    api.get(`/v1/rides/${ride.id}/route`).catch(() => null),
  ]);
  if (spot) {
    const turned = lastSpot && (lastSpot.latitude !== spot.latitude || lastSpot.longitude !== spot.longitude);
    const direction = turned ? bearing(lastSpot, spot) : (lastSpot?.direction ?? 0);
    lastSpot = { ...spot, direction };
    map.setData("cars", collection([feature("Point", lngLat(spot), { bearing: direction })]));
  }
  if (route?.legs.length && spot) {
    const ends = [spot, ...route.legs.map((leg) => leg.place)];
    const line = route.legs.flatMap((leg, number) => (leg.polyline ? decodePolyline(leg.polyline) : [lngLat(ends[number]), lngLat(leg.place)]));
    map.setData("way", collection([feature("LineString", line)]));
    const eta = document.getElementById("eta");
    if (eta) eta.textContent = minutes(route.legs[0].eta_seconds);
  }
  if (wayVersion !== `${ride.id}:${ride.state}`) {
    wayVersion = `${ride.id}:${ride.state}`;
    map.show([spot, ride.state === "in_progress" ? ride.dropoff : ride.pickup].filter(Boolean), { padding: scene.padding() });
  }
}

function showRide(trouble) {
  const [title, before] = HEADLINES[ride.state] ?? [words(ride.state), null];
  const told = receipt ? "Thank you for riding." : before;
  const ended = ENDED.has(ride.state);
  show(
    h(
      "div",
      { class: "stack", data: { ride: ride.id, state: ride.state } },
      STEPS[ride.state] && progress(STEPS[ride.state], 5, title),
      h(
        "div",
        { class: "row between fixed" },
        h("div", { class: "stack tight" }, h("h1", {}, title), told && h("p", { class: "soft" }, told)),
        ["driver_en_route", "in_progress"].includes(ride.state) && h("strong", { id: "eta", class: "sum" }, ride.state === "driver_en_route" && ride.pickup_eta_seconds ? minutes(ride.pickup_eta_seconds) : ""),
      ),
      ride.driver_silent_since && h("p", { class: "notice warn" }, "Your driver's phone is out of coverage. The ride goes on."),
      ride.driver && !ended && driverCard(ride.driver),
      ride.start_pin && ["driver_en_route", "arrived"].includes(ride.state) && h("div", { class: "pin" }, h("span", {}, "Your PIN"), h("output", {}, ride.start_pin)),
      receipt && receiptCard(receipt),
      !receipt && h("dl", { class: "lines" }, h("div", {}, h("dt", {}, "From"), h("dd", {}, place(ride.pickup))), h("div", {}, h("dt", {}, "To"), h("dd", {}, place(ride.dropoff))), h("div", {}, h("dt", {}, ended ? "Price" : `Price, by ${ride.funding}`), h("dd", {}, money(ride.fare.total)))),
      ride.state === "completed" && receipt && stars(),
      trouble,
      ended && h("button", { class: "button primary wide", type: "button", on: { click: forget } }, "Ride again"),
      CANCELABLE.has(ride.state) && h("button", { class: "button wide", type: "button", on: { click: cancel } }, "Cancel the ride"),
    ),
  );
}

function driverCard(driver) {
  return h(
    "div",
    { class: "card who" },
    h("span", { class: "avatar", "aria-hidden": "true" }, driver.display_name.charAt(0)),
    h("div", {}, h("strong", {}, driver.display_name), h("div", { class: "soft small" }, `${words(driver.vehicle.color)} ${driver.vehicle.model}`)),
    h("span", { class: "plate" }, driver.vehicle.plate),
  );
}

function receiptCard(paid) {
  const how = paid.funding === "card" ? `${words(paid.brand ?? "card")} ·· ${paid.last_digits ?? ""}` : words(paid.funding);
  return h(
    "section",
    { class: "card stack tight", "aria-label": "Receipt" },
    h("div", { class: "row between" }, h("h2", {}, "Receipt"), h("span", { class: "soft small" }, how)),
    h(
      "dl",
      { class: "lines" },
      paid.lines.map((line) => h("div", {}, h("dt", {}, words(line.kind)), h("dd", {}, (line.kind === "promotion" ? "−" : "") + money(line.amount)))),
      h("div", { class: "total" }, h("dt", {}, "Total"), h("dd", {}, money(paid.total))),
    ),
  );
}

function stars() {
  const rate = async (number) => {
    try {
      await api.post(`/v1/rides/${ride.id}/rating`, { stars: number });
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index < number)));
      toast("Thank you. Your rating is kept to yourself.");
    } catch (error) {
      toast(error.message, "bad");
    }
  };
  const buttons = [1, 2, 3, 4, 5].map((number) =>
    h("button", { class: "icon-button", type: "button", "aria-pressed": "false", "aria-label": `${number} of 5 stars`, on: { click: () => rate(number) } }, icon("star")),
  );
  return h("div", { class: "row between" }, h("span", { class: "soft" }, `How was ${ride.driver?.display_name ?? "the ride"}?`), h("div", { class: "stars" }, buttons));
}

async function cancel() {
  try {
    const preview = await api.post(`/v1/rides/${ride.id}/cancellation-preview`);
    const agreed = await ask({
      title: "Cancel the ride?",
      words: preview.fee.amount_minor ? `A driver is on the way already. Canceling costs ${money(preview.fee)}.` : "It is free.",
      action: "Cancel the ride",
      danger: true,
    });
    if (!agreed) return;
    follow(await api.post(`/v1/rides/${ride.id}/cancel`, { fee_consent_token: preview.fee_consent_token }));
  } catch (error) {
    showRide(problem(error));
  }
}
