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
