// What the pages show in common; run by test_pages_modules.py.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { browse, load } from "./browser.mjs";

test.afterEach(() => mock.timers.reset());

test("trouble is told until it is closed or long over, and never by more than four notices", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { document } = browse();
  const { toast } = await load("lib/dom.js");
  const holder = document.querySelector(".toasts");
  assert.equal(holder.getAttribute("role"), "status");
  for (let number = 0; number < 6; number += 1) toast(`bad ${number}`, "bad");
  toast("good");
  assert.equal(holder.children.length, 4);
  mock.timers.tick(7000);
  assert.equal(holder.children.length, 3);
  holder.children[0].querySelector("button").click();
  assert.equal(holder.children.length, 2);
});

test("what had the focus has it again when it is made anew", async () => {
  const { document } = browse();
  const { h, replace } = await load("lib/dom.js");
  const holder = h("div");
  document.body.append(holder);
  const radios = () => ["a", "b"].map((key) => h("input", { type: "radio", data: { key } }));
  replace(holder, radios());
  holder.children[1].focus();
  replace(holder, radios());
  assert.equal(document.activeElement, holder.children[1]);
});

test("what stays is kept by its key through changes above, below and within it", async () => {
  const { document } = browse();
  const { h, update } = await load("lib/dom.js");
  const holder = h("div");
  document.body.append(holder);
  const rows = (...told) => told.map(([key, state, pressed]) => h("button", { data: { key }, "aria-pressed": pressed }, h("b", {}, state), state === "new" && h("i", {}, "!")));
  update(holder, rows(["b", "old"], ["c", "old", "true"]));
  const [b, c] = holder.children;
  const [word] = c.children;
  c.focus();
  update(holder, rows(["a", "new"], ["b", "old"], ["c", "older"], ["d", "old"]));
  assert.deepEqual(holder.children.map((row) => row.textContent), ["new!", "old", "older", "old"]);
  assert.ok(holder.children[1] === b && holder.children[2] === c);
  assert.ok(c.children[0] === word);
  assert.equal(c.hasAttribute("aria-pressed"), false);
  update(holder, rows(["c", "new", "true"], ["b", "old"]));
  assert.ok(holder.children.length === 2 && holder.children[0] === c && holder.children[1] === b);
  assert.equal(c.textContent, "new!");
  assert.equal(c.getAttribute("aria-pressed"), "true");
  assert.ok(document.activeElement === c);
  update(holder, h("p", {}, "None"));
  assert.deepEqual([holder.children.length, holder.textContent], [1, "None"]);
  update(holder, rows(["c", "old"]));
  assert.deepEqual(holder.children.map((row) => row.textContent), ["old"]);
});
