// Views of the console; run by test_pages_modules.py.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Service, browse, button, later, load, refused, settle } from "./browser.mjs";
import { Map as FakeMap, maps } from "./maps.mjs";

const PLACES = { pickup: { latitude: 37.7816, longitude: -122.4156 }, dropoff: { latitude: 37.79, longitude: -122.4 } };
const USD = (amount_minor) => ({ currency_code: "USD", amount_minor });
const RIDE = {
  id: "ride_01j00000000000000000000001",
  rider_id: "acct_1",
  version: 3,
  state: "completed",
  payment_state: "captured",
  funding: "card",
  product: "economy",
  passengers: 1,
  distance_meters: 2000,
  trip_eta_seconds: 600,
  stops: [],
  swap_count: 0,
  fare: { lines: [], total: USD(1850) },
  requested_at: "2026-01-01T00:00:00Z",
  ...PLACES,
};
const ADDRESS = `/v1/operator/rides/${RIDE.id}`;
const VEHICLE = { driver_id: "acct_2", driver_name: "Ana", vehicle_plate: "7ABC123", vehicle_class: "economy", state: "free", ...PLACES.pickup };
const FLEET = { vehicles: [VEHICLE], rides: [{ ...RIDE, state: "matching" }], offers: [], vehicle_count: 1 };
const AREAS = { "GET /v1/service-areas": { items: [] } };
const HISTORY = { [`GET ${ADDRESS}/history`]: { ride: RIDE, offers: [] }, [`GET ${ADDRESS}/dispatch`]: { ticks: [] }, [`GET ${ADDRESS}/timeline`]: { events: [{ subject: "ride", what: "completed", at: RIDE.requested_at, facts: {} }], trace_id: null } };

async function view(path, name, table, argument = "") {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const surroundings = browse({ role: "operator" });
  const service = new Service(table);
  const [{ Api }, { Session }, module] = [await load("lib/api.js"), await load("lib/session.js"), await load(path)];
  const leave = await module[name](surroundings.root, { api: new Api(new Session("console")), may: () => true, argument });
  await settle();
  const look = async (seconds) => {
    mock.timers.tick(seconds * 1000);
    await settle();
  };
  return { ...surroundings, service, look, leave, text: () => surroundings.root.textContent };
}

test.afterEach(() => {
  mock.timers.reset();
  FakeMap.failure = null;
});

test("a refund of zero is refused, and not made one of all there is", async () => {
  const complaint = { id: "cmpl_1", ride_id: RIDE.id, state: "open", reason: "wrong_route", words: "", created_at: RIDE.requested_at };
  const { service, root, document } = await view("console/complaints_view.js", "mountComplaints", { "GET /v1/operator/complaints": { items: [complaint], next_cursor: null }, [`GET ${ADDRESS}`]: RIDE });
  button(root, "Refund: Wrong route").click();
  await settle();
  const dialog = document.body.querySelector("dialog");
  dialog.querySelector("#ask-amount").value = "0.00";
  button(dialog, "Refund").click();
  await settle();
  assert.deepEqual(service.asked.filter((each) => each.name.startsWith("POST")), []);
  assert.match(document.body.textContent, /0\.00 is no amount in USD/);
});

test("a refund from a ride's page is followed until the PSP made it, and one of zero is refused", async () => {
  const { service, look, root, document, text } = await view("console/ride_view.js", "mountRide", { ...AREAS, ...HISTORY, "POST /v1/operator/refunds": { id: "refund_1" } }, RIDE.id);
  const refund = async (amount) => {
    button(root, "Refund").click();
    const dialog = document.body.querySelector("dialog");
    dialog.querySelector("#ask-amount").value = amount;
    dialog.querySelector("#ask-reason").value = "the way was long";
    button(dialog, "Refund").click();
    await settle();
  };
  await refund("0");
  assert.equal(service.count("POST /v1/operator/refunds"), 0);
  await refund("1.25");
  assert.deepEqual(service.asked.find((each) => each.name === "POST /v1/operator/refunds").body, { ride_id: RIDE.id, reason: "the way was long", amount: USD(125) });
  service.set(`GET ${ADDRESS}/timeline`, { events: [{ subject: "refund", what: "succeeded", amount: USD(125), at: RIDE.requested_at, facts: {} }], trace_id: null });
  await look(4);
  await look(4);
  assert.match(text(), /Refund: Succeeded of \$1\.25/);
});

test("a story that cannot be read just now is not told to be empty", async () => {
  const { service, look, text } = await view("console/ride_view.js", "mountRide", { ...AREAS, ...HISTORY, [`GET ${ADDRESS}/history`]: { ride: { ...RIDE, payment_state: "capturing" }, offers: [] } }, RIDE.id);
  service.set(`GET ${ADDRESS}/timeline`, refused(403, "forbidden"));
  await look(4);
  assert.match(text(), /forbidden/);
  assert.match(text(), /Completed/);
  service.set(`GET ${ADDRESS}/history`, refused(403, "history_forbidden"));
  await look(4);
  assert.match(text(), /history_forbidden/);
});

test("the list of the live map is there where no map can be drawn", async () => {
  FakeMap.failure = new Error("no WebGL");
  const { text } = await view("console/map_view.js", "mountMap", { ...AREAS, "GET /v1/operator/fleet": FLEET, "GET /v1/operator/pulse": refused(403, "forbidden") });
  assert.match(text(), /no WebGL/);
  assert.match(text(), /Matching/);
  assert.match(text(), /forbidden/);
});

test("the ride that was chosen on the live map is told as it stands now", async () => {
  const { service, look, root } = await view("console/map_view.js", "mountMap", { ...AREAS, "GET /v1/operator/fleet": FLEET });
  root.querySelector(".ride-item").click();
  const detail = root.querySelector(".chosen-ride");
  assert.match(detail.textContent, /Matching/);
  service.set("GET /v1/operator/fleet", { ...FLEET, rides: [{ ...RIDE, state: "in_progress" }] });
  await look(2);
  assert.match(detail.textContent, /In progress/);
  button(root, "Close").click();
  assert.equal(detail.hidden, true);
});

test("a row of the live list that is told anew is the same row, and none moves while one is pressed", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const { service, look, root } = await view("console/map_view.js", "mountMap", { ...AREAS, "GET /v1/operator/fleet": FLEET });
  const [row] = root.all(".ride-item");
  const rows = () => root.all(".ride-item").map((item) => (item === row ? "the same" : "another"));
  service.set("GET /v1/operator/fleet", { ...FLEET, rides: [{ ...RIDE, state: "offered" }] });
  await look(2);
  assert.deepEqual(rows(), ["the same"]);
  assert.match(row.textContent, /Offered/);
  row.dispatch(new Event("pointerdown", { bubbles: true }));
  service.set("GET /v1/operator/fleet", { ...FLEET, rides: [{ ...RIDE, id: "ride_2", state: "matching" }, { ...RIDE, state: "arrived" }] });
  await look(2);
  assert.deepEqual(rows(), ["the same"]);
  row.dispatch(new Event("pointerup", { bubbles: true }));
  row.click();
  assert.equal(row.getAttribute("aria-pressed"), "true");
  assert.deepEqual(rows(), ["another", "the same"]);
  // It was let go of somewhere else: the list does not wait for that for ever.
  row.dispatch(new Event("pointerdown", { bubbles: true }));
  now = 1000;
  service.set("GET /v1/operator/fleet", FLEET);
  await look(2);
  assert.deepEqual(rows(), ["the same"]);
  assert.match(row.textContent, /Matching/);
});

test("hidden vehicles are not drawn, and shown again", async () => {
  const { root } = await view("console/map_view.js", "mountMap", { ...AREAS, "GET /v1/operator/fleet": FLEET });
  const drawn = () => maps.at(-1).shown("fleet").features.length;
  assert.equal(drawn(), 1);
  button(root, "Free").click();
  assert.equal(drawn(), 0);
  button(root, "Free").click();
  assert.equal(drawn(), 1);
});

test("service areas that were not told at first are drawn once they are", async () => {
  const area = { city: "san_francisco", name: "San Francisco", corners: [PLACES.pickup, PLACES.dropoff, PLACES.pickup], zones: [] };
  const { service, look } = await view("console/map_view.js", "mountMap", { "GET /v1/service-areas": refused(403, "forbidden"), "GET /v1/operator/fleet": FLEET });
  service.set("GET /v1/service-areas", { items: [area] });
  await look(10);
  assert.equal(maps.at(-1).shown("areas").features.length, 1);
});

test("what comes after the live map was left is not drawn", async () => {
  const answer = later();
  const { service, look, leave } = await view("console/map_view.js", "mountMap", { ...AREAS, "GET /v1/operator/fleet": FLEET });
  service.set("GET /v1/operator/fleet", answer.answer);
  await look(2);
  leave();
  const asked = service.asked.length;
  answer.give(FLEET);
  await settle();
  await look(30);
  assert.equal(service.asked.length, asked);
  assert.equal(maps.at(-1).isRemoved, true);
});

test("a ride is booked for a number with spaces, also where no map can be drawn", async () => {
  FakeMap.failure = new Error("no WebGL");
  const quote = { id: "quote_1", product: "economy", fare: { total: USD(1850) }, pickup_eta_seconds: null, trip_eta_seconds: 600, distance_meters: 2000, surge_permille: 1000 };
  const { service, root, text, leave } = await view("console/book_view.js", "mountBook", {
    "POST /v1/operator/guests": { id: "acct_1", new_account: true },
    "GET /v1/products": { items: [{ kind: "private", cash_accepted: true, product: "economy" }] },
    "POST /v1/operator/quotes": { quotes: [quote] },
  });
  assert.match(text(), /no WebGL/);
  const typed = { phone: "+1 415 555 0100", name: "Bao", from: "37.7816, -122.4156", to: "37.79, -122.4" };
  for (const [name, value] of Object.entries(typed)) root.querySelector(`#book-${name}`).value = value;
  button(root, "Show prices").click();
  await settle();
  assert.equal(service.asked.find((each) => each.name === "POST /v1/operator/guests").body.phone_number, "+14155550100");
  assert.match(text(), /Book economy for \$18\.50/);
  leave();
});

test("an audit of a part of the ledger is not told to be one of all of it", async () => {
  const { root, text } = await view("console/money_view.js", "mountMoney", {
    "GET /v1/operator/ledger/trial-balance": { accounts: [{ account_kind: "commission", balance: USD(250) }], currencies: [] },
    "GET /v1/operator/reconciliation-items": { items: [{}], next_cursor: "c" },
    "GET /v1/operator/reconciliation-runs": { items: [] },
    "GET /v1/operator/refunds": { items: [], next_cursor: null },
    "GET /v1/operator/ledger/audit": { account_count: 1, entry_count: 2, differences: [], next_cursor: "more" },
  });
  // More was given back than was earned.
  assert.match(text(), /-\$2\.50revenue/);
  assert.match(text(), /1 or more/);
  button(root, "Audit the ledger").click();
  for (let turn = 0; turn < 20; turn += 1) await settle();
  assert.match(text(), /There are more/);
});

const BOOKS = {
  "GET /v1/operator/ledger/trial-balance": { accounts: [], currencies: [] },
  "GET /v1/operator/reconciliation-runs": { items: [] },
  "GET /v1/operator/refunds": { items: [], next_cursor: null },
};
const ITEM = { id: "item_1", kind: "unknown_transaction", reference: "ch_1", detail: "charge of ch_1: nobody here knows it", amount: USD(650), status: "open", note: null, opened_at: RIDE.requested_at };

async function resolvable(item) {
  const shown = await view("console/money_view.js", "mountMoney", { ...BOOKS, "GET /v1/operator/reconciliation-items": { items: [item], next_cursor: null }, "POST /v1/operator/reconciliation-items/item_1/resolve": item });
  button(shown.root, "Open items").click();
  await settle();
  button(shown.root, `Resolve: Unknown transaction, ${item.detail}`).click();
  await settle();
  const dialog = shown.document.body.querySelector("dialog");
  return { ...shown, dialog, ways: dialog.querySelector("#ask-how").all("option").map((option) => option.value) };
}

test("an open item is resolved on the difference that was looked at", async () => {
  const { service, dialog, ways } = await resolvable(ITEM);
  assert.deepEqual(ways.slice(0, 3), ["explained", "suspense", "booked:psp_fee"]);
  dialog.querySelector("#ask-how").value = "booked:psp_fee";
  dialog.querySelector("#ask-note").value = "a fee without notice";
  button(dialog, "Resolve").click();
  await settle();
  const { body } = service.asked.find((each) => each.name.startsWith("POST"));
  assert.deepEqual(body, { resolution: "booked", account_kind: "psp_fee", note: "a fee without notice", seen_amount: USD(650) });
});

test("what is in suspense is booked to an account, or back", async () => {
  const { ways } = await resolvable({ ...ITEM, status: "in_suspense" });
  assert.equal(ways.every((way) => way.startsWith("booked:")), true);
  assert.equal(ways.at(-1), "booked:psp_receivable");
});

test("an open item that moves no money can only be explained", async () => {
  const { ways } = await resolvable({ ...ITEM, amount: USD(0) });
  assert.deepEqual(ways, ["explained"]);
});

test("a suppressed address is written to again, with the reason", async () => {
  const item = { account_id: "acct_01j00000000000000000000007", channel: "email", reason: "smtp_no_mailbox", provider: "email", suppressed_at: RIDE.requested_at };
  const { service, root, document, text } = await view("console/messages_view.js", "mountMessages", {
    "GET /v1/operator/notifications/summary": { notification_count: 0, deliveries: [] },
    "GET /v1/operator/dead-letters/matching": { items: [], next_cursor: null },
    "GET /v1/operator/notifications/suppressions": { items: [item], next_cursor: null },
    "POST /v1/operator/notifications/suppressions/lift": { suppression: item },
  });
  assert.match(text(), /SMTP no mailbox/);
  button(root, "Write again: Email of …000007").click();
  await settle();
  const dialog = document.body.querySelector("dialog");
  dialog.querySelector("#ask-reason").value = "the mailbox is well";
  service.set("GET /v1/operator/notifications/suppressions", { items: [], next_cursor: null });
  button(dialog, "Write again").click();
  await settle();
  const { body } = service.asked.find((each) => each.name.startsWith("POST"));
  assert.deepEqual(body, { account_id: item.account_id, channel: "email", reason: "the mailbox is well" });
  assert.match(text(), /None is suppressed/);
});

test("a view that cannot be shown says so", async () => {
  const { root } = browse({ role: "operator", hash: "#/pulse" });
  new Service();
  globalThis.ResizeObserver = class {
    constructor() {
      throw new Error("no such thing in this browser");
    }
  };
  await load("console/main.js");
  await settle();
  assert.match(root.textContent, /no such thing in this browser/);
});

test("who waits at an empty list sees what comes, and nothing is asked once the view was left", async () => {
  const complaint = { id: "cmpl_1", ride_id: RIDE.id, state: "open", reason: "wrong_route", words: "Twice around", created_at: RIDE.requested_at };
  const { service, look, root, text } = await view("console/complaints_view.js", "mountComplaints", { "GET /v1/operator/complaints": { items: [], next_cursor: null } });
  assert.match(text(), /Nobody waits/);
  service.set("GET /v1/operator/complaints", { items: [complaint], next_cursor: null });
  await look(15);
  assert.match(text(), /Twice around/);
  assert.doesNotMatch(text(), /Nobody waits/);
  service.set("GET /v1/operator/complaints", { items: [], next_cursor: null });
  button(root, "Refunded").click();
  await settle();
  const asked = service.asked.length;
  root.replaceChildren();
  await look(60);
  assert.equal(service.asked.length, asked);
});

test("what was told in the last day is that of the day that is now", async () => {
  const told = (notification_count) => ({ notification_count, deliveries: [] });
  const { service, look, leave, text } = await view("console/messages_view.js", "mountMessages", { "GET /v1/operator/notifications/summary": told(17), "GET /v1/operator/dead-letters/matching": { items: [{}], next_cursor: null } });
  assert.match(text(), /17notifications owed/);
  service.set("GET /v1/operator/notifications/summary", told(18));
  await look(60);
  assert.match(text(), /18notifications owed/);
  leave();
  await look(60);
  assert.equal(service.count("GET /v1/operator/notifications/summary"), 2);
});

test("a dialog ends with the view that asked", async () => {
  const { root, document, window } = await view("console/complaints_view.js", "mountComplaints", { "GET /v1/operator/complaints": { items: [{ id: "cmpl_1", ride_id: RIDE.id, state: "open", reason: "wrong_route", words: "", created_at: RIDE.requested_at }], next_cursor: null } });
  button(root, "Say no: Wrong route").click();
  assert.equal(document.body.all("dialog").length, 1);
  window.dispatchEvent(new Event("hashchange"));
  assert.equal(document.body.all("dialog").length, 0);
});
