// The driver's page, and what it knows of the work; run by test_pages_modules.py.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Service, browse, button, later, load, refused, settle } from "./browser.mjs";

const PLACES = { pickup: { latitude: 37.7816, longitude: -122.4156 }, dropoff: { latitude: 37.79, longitude: -122.4 } };
const USD = (amount_minor) => ({ currency_code: "USD", amount_minor });
const RIDE = { id: "ride_1", version: 3, state: "arrived", funding: "card", rider_name: "Bao", fare: { total: USD(1850) }, ...PLACES };
const OFFER = { id: "offer_1", expires_at: "2999-01-01T00:00:00Z", funding: "card", earnings: USD(1480), pickup_eta_seconds: 60, distance_meters: 2000, ...PLACES };
const OWED = { balances: [USD(1480)], entries: [{ ride_id: "ride_1", kind: "capture", amount: USD(1480), created_at: "2026-01-01T00:00:00Z" }] };
const APPROVED = { "GET /v1/driver": { id: "acct_1", status: "approved" }, "GET /v1/driver/shift": { id: "shift_1" }, "GET /v1/driver/earnings": { balances: [], entries: [] }, "POST /v1/driver/locations": {} };

async function page(table) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const surroundings = browse({ role: "driver" });
  const service = new Service({ "GET /v1/service-areas": { items: [] }, "POST /v1/me/stream-tickets": { ticket: "t" }, ...table });
  await load("try/driver.js");
  await settle();
  const look = async () => {
    mock.timers.tick(3000);
    await settle();
  };
  return { ...surroundings, service, look, text: () => surroundings.root.textContent };
}

test.afterEach(() => mock.timers.reset());

test("what a ride earned is told once it is paid, also when the next ride is asked for before", async () => {
  const { service, look, root, text } = await page({ ...APPROVED, "GET /v1/driver/rides/current": { ...RIDE, state: "completed" } });
  service.set("GET /v1/driver/rides/current", undefined);
  button(root, "Next ride").click();
  await settle();
  assert.match(text(), /Nothing yet/);
  service.set("GET /v1/driver/earnings", OWED);
  await look();
  assert.match(text(), /14\.80/);
});

test("a wrong PIN is told until the next try, and what is typed meanwhile stays", async () => {
  const { service, look, root, text } = await page({ ...APPROVED, "GET /v1/driver/rides/current": RIDE, "POST /v1/driver/rides/ride_1/start": refused(409, "wrong_pin") });
  root.querySelector("#pin").value = "0000";
  button(root, "Start the trip").click();
  await settle();
  assert.match(text(), /wrong_pin/);
  const pin = root.querySelector("#pin");
  pin.value = "12";
  await look();
  assert.match(text(), /wrong_pin/);
  assert.equal(root.querySelector("#pin"), pin);
  service.set("POST /v1/driver/rides/ride_1/start", { ...RIDE, version: 4, state: "in_progress" });
  button(root, "Start the trip").click();
  await settle();
  assert.doesNotMatch(text(), /wrong_pin/);
  assert.match(text(), /Driving Bao/);
});

test("a look that fails leaves the ride and the half-typed PIN where they are", async () => {
  const { service, look, root, text } = await page({ ...APPROVED, "GET /v1/driver/rides/current": RIDE });
  const pin = root.querySelector("#pin");
  service.set("GET /v1/driver/shift", refused(403, "forbidden"));
  await look();
  assert.equal(root.querySelector("#pin"), pin);
  assert.match(text(), /forbidden/);
  service.set("GET /v1/driver/shift", { id: "shift_1" });
  await look();
  assert.doesNotMatch(text(), /forbidden/);
});

test("a refused application keeps what was typed, and is sent once at a time", async () => {
  const answer = later();
  const { service, root, text } = await page({ "POST /v1/driver/application": answer.answer });
  root.querySelector("#name").value = "Zoë";
  button(root, "Apply").click();
  button(root, "Apply").click();
  await settle();
  assert.equal(service.count("POST /v1/driver/application"), 1);
  answer.give(refused(409, "plate_taken"));
  await settle();
  assert.match(text(), /plate_taken/);
  assert.equal(root.querySelector("#name").value, "Zoë");
});

test("an offer that is declined does not come back by a look that began before", async () => {
  const [look, decline] = [later(), later()];
  const page_ = await page({ ...APPROVED, "GET /v1/driver/offers/current": OFFER, "POST /v1/driver/offers/offer_1/decline": decline.answer });
  const { service, root, text } = page_;
  assert.match(text(), /A ride for you/);
  service.set("GET /v1/driver/offers/current", look.answer);
  await page_.look();
  button(root, "Decline").click();
  look.give(OFFER);
  await settle();
  assert.match(text(), /You are online/);
  decline.give({});
});

test("an offer is answered once", async () => {
  const { service, root } = await page({ ...APPROVED, "GET /v1/driver/offers/current": OFFER, "POST /v1/driver/offers/offer_1/accept": later().answer });
  button(root, "Accept").click();
  button(root, "Decline").click();
  await settle();
  assert.equal(service.count("POST /v1/driver/offers/offer_1/accept"), 1);
  assert.equal(service.count("POST /v1/driver/offers/offer_1/decline"), 0);
});

test("the next offer is shown although the last ride's end is still on the screen", async () => {
  const { service, look, text } = await page({ ...APPROVED, "GET /v1/driver/rides/current": { ...RIDE, state: "completed" } });
  assert.match(text(), /Ride completed/);
  service.set("GET /v1/driver/rides/current", undefined);
  service.set("GET /v1/driver/offers/current", OFFER);
  await look();
  assert.match(text(), /A ride for you/);
});

test("positions are told one at a time while the service does not answer", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const { service } = await page({ ...APPROVED, "POST /v1/driver/locations": later().answer });
  for (let second = 0; second < 30; second += 1) {
    now += 1000;
    mock.timers.tick(1000);
    await settle();
  }
  assert.equal(service.count("POST /v1/driver/locations"), 1);
});

test("the way of a ride that was given back is not driven", async () => {
  const route = later();
  const { root, document } = await page({ ...APPROVED, "GET /v1/driver/rides/current": { ...RIDE, state: "driver_en_route", pickup: PLACES.dropoff }, "GET /v1/rides/ride_1/route": route.answer, "POST /v1/driver/rides/ride_1/cancel": {} });
  button(root, "Drive to the pickup").click();
  button(root, "Give the ride back").click();
  button(document.body.querySelector("dialog"), "Give it back").click();
  await settle();
  route.give({ legs: [] });
  await settle();
  const { maps } = await import("./maps.mjs");
  assert.deepEqual(maps.at(-1).shown("way").features, []);
});
