// The rider's page, and what it knows of the ride; run by test_pages_modules.py.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Service, browse, button, later, load, refused, settle } from "./browser.mjs";
import { maps } from "./maps.mjs";

const PLACES = { pickup: { latitude: 37.7816, longitude: -122.4156 }, dropoff: { latitude: 37.79, longitude: -122.4 } };
const USD = (amount_minor) => ({ currency_code: "USD", amount_minor });
const RIDE = { id: "ride_1", version: 3, state: "driver_en_route", payment_state: "held", funding: "card", fare: { total: USD(1850) }, ...PLACES };
const quote = (id, product) => ({ id, product, fare: { total: USD(1850) }, pickup_eta_seconds: 60, trip_eta_seconds: 600, distance_meters: 2000, max_detour_seconds: null, surge_permille: 1000 });
const SOLD = { "GET /v1/products": { items: [] }, "POST /v1/quotes": { quotes: [quote("quote_1", "economy"), quote("quote_2", "xl")] }, "GET /v1/payment-methods": { items: [{ id: "pm_1" }] } };

async function page(table) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const surroundings = browse({ role: "rider" });
  const service = new Service({ "GET /v1/service-areas": { items: [] }, "POST /v1/me/stream-tickets": { ticket: "t" }, ...table });
  // The page waits for whoever reads it where the service areas cannot be read.
  const loaded = load("try/rider.js").then(() => true);
  while (!(await Promise.race([loaded, settle()])) && !surroundings.root.textContent.includes("Try again"));
  await settle();
  const look = async () => {
    mock.timers.tick(4000);
    await settle();
  };
  const choose = async () => {
    button(surroundings.root, "Show prices").click();
    await settle();
  };
  return { ...surroundings, service, look, choose, text: () => surroundings.root.textContent };
}

test.afterEach(() => mock.timers.reset());

test("a ride that was left behind does not come back by a look that began before", async () => {
  const answer = later();
  const { service, look, root, text } = await page({ "GET /v1/rides/current": { ...RIDE, state: "completed" } });
  service.set("GET /v1/rides/ride_1", answer.answer);
  await look();
  button(root, "Ride again").click();
  answer.give({ ...RIDE, state: "completed", version: 4 });
  await settle();
  assert.match(text(), /Where to\?/);
});

test("the driver of a ride that was left behind is not drawn", async () => {
  const spot = later();
  const { service, look, root } = await page({ "GET /v1/rides/current": RIDE, "GET /v1/rides/ride_1": { ...RIDE, state: "no_show", version: 4 } });
  service.set("GET /v1/rides/ride_1/location", spot.answer);
  mock.timers.tick(2000);
  await look();
  button(root, "Ride again").click();
  spot.give(PLACES.pickup);
  await settle();
  assert.deepEqual(maps.at(-1).shown("cars").features, []);
});

test("on a phone the driver and the pickup are framed above the sheet, as soon as the driver is heard of", async () => {
  const { service, root } = await page({ "GET /v1/rides/current": RIDE, "GET /v1/rides/ride_1": RIDE });
  const { fits } = maps.at(-1);
  // What the map keeps for good would be added to each later padding.
  assert.ok(fits.every((fit) => fit.padding.left === 440 && fit.padding.bottom === 60));
  globalThis.innerWidth = 390;
  root.querySelector(".map").box = { top: 0, bottom: 523 };
  root.querySelector(".panel").box = { top: 380, bottom: 844 };
  const look = async () => {
    mock.timers.tick(2000);
    await settle();
  };
  await look();
  await look();
  const before = fits.length;
  service.set("GET /v1/rides/ride_1/location", PLACES.dropoff);
  await look();
  await look();
  const [framed, ...others] = fits.slice(before);
  assert.deepEqual(others, []);
  assert.deepEqual(framed.places, [PLACES.dropoff, PLACES.pickup].map((spot) => [spot.longitude, spot.latitude]));
  assert.deepEqual(framed.padding, { left: 50, right: 50, top: 50, bottom: 143 + 50 });
  root.querySelector(".panel").box = { top: 100, bottom: 300 };
  root.querySelector(".map").box = { top: 0, bottom: 180 };
  service.set("GET /v1/rides/ride_1", { ...RIDE, state: "in_progress", version: 4 });
  await look();
  await look();
  const { top, bottom } = fits.at(-1).padding;
  assert.deepEqual([top, bottom], [25, 80 + 25]);
});

test("a request that nobody answered does not cover the ride that came of it", async () => {
  const { service, choose, look, root, text } = await page({ ...SOLD, "POST /v1/rides": new TypeError("gone") });
  await choose();
  button(root, "Request economy").click();
  await settle();
  service.set("GET /v1/rides/current", RIDE);
  service.set("GET /v1/rides/ride_1", RIDE);
  for (let second = 0; second < 12; second += 1) await look();
  assert.match(text(), /Your driver is on the way/);
});

test("a ride is asked for once at a time", async () => {
  const { service, choose, root } = await page({ ...SOLD, "POST /v1/rides": later().answer });
  await choose();
  button(root, "Request economy").click();
  await settle();
  root.querySelector("fieldset").all("input")[1].dispatch(new Event("change"));
  button(root, "Request xl").click();
  await settle();
  assert.equal(service.count("POST /v1/rides"), 1);
});

test("where nothing is sold that is said", async () => {
  const { choose, text } = await page({ ...SOLD, "POST /v1/quotes": { quotes: [] } });
  await choose();
  assert.match(text(), /Nothing is sold between these places/);
});

test("the keyboard stays at the price that it chose", async () => {
  const { choose, root, document } = await page(SOLD);
  await choose();
  const second = root.querySelector("fieldset").all("input")[1];
  second.focus();
  second.dispatch(new Event("change"));
  assert.equal(document.activeElement, root.querySelector("fieldset").all("input")[1]);
  assert.match(root.textContent, /Request xl/);
});

test("prices that are over are asked for anew, and that is said", async () => {
  const { service, choose, root, document } = await page({ ...SOLD, "POST /v1/rides": refused(409, "quote_expired") });
  await choose();
  button(root, "Request economy").click();
  await settle();
  assert.equal(service.count("POST /v1/quotes"), 2);
  assert.match(document.body.textContent, /These are new/);
});

test("a place that is none is not asked prices for", async () => {
  const { service, choose, root } = await page(SOLD);
  const field = root.querySelector("#from-text");
  field.value = "200, 10";
  field.dispatch(new Event("input"));
  await choose();
  assert.equal(service.count("POST /v1/quotes"), 0);
  assert.match(field.validity, /Latitude, longitude/);
});

test("a ride is canceled by one question at a time", async () => {
  const { service, root, document } = await page({ "GET /v1/rides/current": RIDE, "POST /v1/rides/ride_1/cancellation-preview": { fee: USD(500), fee_consent_token: "c" } });
  button(root, "Cancel the ride").click();
  button(root, "Cancel the ride").click();
  await settle();
  assert.equal(service.count("POST /v1/rides/ride_1/cancellation-preview"), 1);
  assert.equal(document.body.all("dialog").length, 1);
  assert.match(document.body.querySelector("dialog").textContent, /\$5\.00/);
});

test("a service that is lost is said to be, beside the ride, until it is back", async () => {
  const { service, look, text } = await page({ "GET /v1/rides/current": RIDE, "GET /v1/rides/ride_1": refused(403, "forbidden") });
  await look();
  assert.match(text(), /forbidden/);
  assert.match(text(), /Your driver is on the way/);
  service.set("GET /v1/rides/ride_1", RIDE);
  await look();
  assert.doesNotMatch(text(), /forbidden/);
});

test("an older state of a ride does not cover a newer one", async () => {
  const answer = later();
  const { service, choose, look, root, text } = await page({ ...SOLD, "POST /v1/rides": answer.answer });
  await choose();
  button(root, "Request economy").click();
  service.set("GET /v1/rides/current", RIDE);
  service.set("GET /v1/rides/ride_1", RIDE);
  await look();
  answer.give({ ...RIDE, state: "requested", version: 1 });
  await settle();
  assert.match(text(), /Your driver is on the way/);
});

test("who could not begin for want of the service areas begins once they are there", async () => {
  const { service, root, text } = await page({ "GET /v1/service-areas": refused(403, "forbidden") });
  assert.match(text(), /forbidden/);
  service.set("GET /v1/service-areas", { items: [] });
  button(root, "Try again").click();
  await settle();
  assert.match(text(), /Where to\?/);
});
