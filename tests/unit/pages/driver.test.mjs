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

test("the rider's note is read on the way and not after the ride", async () => {
  const { service, look, text } = await page({ ...APPROVED, "GET /v1/driver/rides/current": { ...RIDE, note: "by the fountain" } });
  assert.match(text(), /The rider says: by the fountain/);
  service.set("GET /v1/driver/rides/current", { ...RIDE, version: 5, state: "completed", note: null });
  await look();
  assert.doesNotMatch(text(), /The rider says/);
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

// Where the car is as the page begins, and somewhere else.
const [HERE, THERE] = [{ latitude: 0, longitude: 0 }, { latitude: 1, longitude: 1 }];
const ORDER = { shop_name: "Corner Bakery", shop_phone: "+14155550111", order_reference: "A-1042", recipient_name: "Robin", recipient_phone: null, items: "2 loaves of bread", size: "small", capabilities: ["age_check"], pickup_code_required: true, proof_required: "pin" };
const parcel = (state, version, { order = ORDER, ...places } = {}) => ({ ...RIDE, pickup: HERE, dropoff: HERE, ...places, state, version, delivery: { order, return_fee: USD(500) } });
const bodyOf = (service, name) => service.asked.find((each) => each.name === `POST /v1/driver/rides/ride_1/${name}`)?.body;

test("an order is collected with the shop's code and handed over with the proof that it asks for", async () => {
  const { service, root, text } = await page({ ...APPROVED, "GET /v1/driver/rides/current": parcel("arrived", 3), "POST /v1/driver/rides/ride_1/collect": parcel("in_progress", 4), "POST /v1/driver/rides/ride_1/hand-over": parcel("completed", 5) });
  assert.match(text(), /At Corner Bakery.*2 loaves of bread · Small.*\+14155550111.*Robin/);
  root.querySelector("#pin").value = "1234";
  button(root, "I have the order").click();
  await settle();
  assert.deepEqual(bodyOf(service, "collect"), { code: "1234" });
  root.querySelector("#pin").value = "4321";
  button(root, "Hand it over").click();
  await settle();
  assert.equal(bodyOf(service, "hand-over"), undefined);
  root.querySelector("input[name=age]").value = "on";
  button(root, "Hand it over").click();
  await settle();
  assert.deepEqual(bodyOf(service, "hand-over"), { proof_kind: "pin", pin: "4321", age_checked: true });
  assert.match(text(), /Handed over.*is collected from the rider/);
});

test("an order without a code or a PIN is collected at once and signed for", async () => {
  const order = { ...ORDER, capabilities: [], pickup_code_required: false, proof_required: "signature" };
  const { service, root } = await page({ ...APPROVED, "GET /v1/driver/rides/current": parcel("arrived", 3, { order }), "POST /v1/driver/rides/ride_1/collect": parcel("in_progress", 4, { order }), "POST /v1/driver/rides/ride_1/hand-over": parcel("completed", 5, { order }) });
  button(root, "I have the order").click();
  await settle();
  assert.deepEqual(bodyOf(service, "collect"), { code: "" });
  root.querySelector("#reference").value = "R. Hood";
  button(root, "Hand it over").click();
  await settle();
  assert.deepEqual(bodyOf(service, "hand-over"), { proof_kind: "signature", proof_reference: "R. Hood", age_checked: false });
});

test("an order that nobody takes is brought back to the shop", async () => {
  const { service, look, root, document, text } = await page({ ...APPROVED, "GET /v1/driver/rides/current": parcel("in_progress", 4, { dropoff: THERE }), "POST /v1/driver/rides/ride_1/fail-delivery": parcel("returning", 5, { pickup: THERE }), "POST /v1/driver/rides/ride_1/return": parcel("returned", 6) });
  assert.equal(root.querySelector("#pin"), null);
  button(root, "Drive to the recipient");
  button(root, "It cannot be handed over").click();
  const dialog = document.body.querySelector("dialog");
  dialog.querySelector("#ask-failure").value = "refused";
  button(dialog, "Bring it back").click();
  await settle();
  assert.deepEqual(bodyOf(service, "fail-delivery"), { failure: "refused", reason: "" });
  assert.match(text(), /Bring it back to Corner Bakery/);
  button(root, "Drive back to the shop");
  service.set("GET /v1/driver/rides/current", parcel("returning", 7));
  await look();
  root.querySelector("#received-by").value = "Kim";
  button(root, "The shop has it again").click();
  await settle();
  assert.deepEqual(bodyOf(service, "return"), { received_by: "Kim" });
  assert.match(text(), /Brought back/);
  button(root, "Next ride");
});

test("who takes deliveries says so once, online or before, and keeps it through a look", async () => {
  const declared = [];
  const shift = (capabilities) => ({ id: "shift_1", capabilities });
  const { service, look, root } = await page({ ...APPROVED, "GET /v1/driver/shift": undefined, "PUT /v1/driver/availability": ({ body }) => (declared.push(body), { online: body.online }) });
  const tick = async () => {
    root.querySelector("#carries").dispatch(new Event("change"));
    await settle();
  };
  await tick();
  assert.deepEqual(declared, []);
  await look();
  button(root, "Go online").click();
  await settle();
  service.set("GET /v1/driver/shift", shift(["delivery"]));
  await look();
  await tick();
  assert.deepEqual(declared.map(({ online, capabilities }) => [online, capabilities.includes("delivery")]), [[true, true], [true, false]]);
  service.set("GET /v1/driver/shift", shift([]));
  await look();
  assert.equal(root.querySelector("#carries").hasAttribute("checked"), false);
});
