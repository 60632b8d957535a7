// How amounts, places and times are told and read; run by test_pages_modules.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./browser.mjs";

test("amounts have the digits of their currency", async () => {
  const { minorUnits, money } = await load("lib/format.js");
  const told = (code, minor) => money({ currency_code: code, amount_minor: minor }).replace(/[^0-9.,]/g, "");
  assert.deepEqual([told("USD", 1234), told("JPY", 1234), told("KWD", 1234), told("HUF", 1234)], ["12.34", "1,234", "1.234", "12.34"]);
  assert.deepEqual([minorUnits("12.5", "USD"), minorUnits("12", "JPY"), minorUnits("1.5", "KWD"), minorUnits("12.5", "HUF")], [1250, 12, 1500, 1250]);
});

test("what is no amount is not taken for the whole", async () => {
  const { typedAmount } = await load("lib/format.js");
  assert.deepEqual(typedAmount("", "USD"), {});
  assert.deepEqual(typedAmount("0.05", "USD"), { amount: { currency_code: "USD", amount_minor: 5 } });
  for (const [text, code] of [["0", "USD"], ["0.00", "USD"], ["1.005", "USD"], ["1.5", "JPY"], ["1,50", "USD"], ["99999999999999999", "USD"]]) assert.throws(() => typedAmount(text, code), /is no amount in/);
});

test("a place is one on earth", async () => {
  const { typedPlace } = await load("lib/format.js");
  assert.deepEqual(typedPlace(" 37.5, -122 "), { latitude: 37.5, longitude: -122 });
  for (const text of ["", "37.5", "37.5,", "1.2.3, 4", "91, 0", "0, 181", "1, 2, 3"]) assert.equal(typedPlace(text), null);
});

test("times begin the day at zero, and tell another day and another year", async () => {
  const { time } = await load("lib/format.js");
  const now = new Date(2026, 5, 15, 12);
  assert.match(time(new Date(2026, 5, 15, 0, 5), now), /^00:05/);
  assert.match(time(new Date(2026, 5, 14, 0, 5), now), /14.*00:05/);
  assert.match(time(new Date(2025, 5, 15, 0, 5), now), /2025/);
});

test("no length of time has sixty minutes beside its hours", async () => {
  const { duration } = await load("lib/format.js");
  assert.deepEqual([3599, 3600, 7170, 7199, 7200].map(duration), ["1 h 0 min", "1 h 0 min", "2 h 0 min", "2 h 0 min", "2 h 0 min"]);
  assert.deepEqual([59, 60, 61, 601].map(duration), ["59 s", "1 min", "1 min 1 s", "10 min"]);
});
