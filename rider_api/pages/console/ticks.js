/** Ticks of dispatch in words: which drivers were weighed for a ride, and what was decided. */

import { h } from "../lib/dom.js";
import { distance, duration, shortId, time, words } from "../lib/format.js";
import { badge } from "./parts.js";

const DRIVERS_LISTED = 8;
const FATES = {
  offered: "offered to a driver",
  swap_offered: "a nearer driver was asked",
  rerouted: "changed drivers on the way",
  contended: "another matcher had the driver",
  driver_taken: "the driver was taken meanwhile",
  ride_gone: "the ride was gone",
  fenced: "the matcher had lost its shard",
  left_over: "left over: all drivers went to others",
  nobody: "nobody in reach",
};

/** One tick; the first of them is open. */
export function tickItem(tick, index) {
  const summary = `${time(tick.ticked_at)} · ${FATES[tick.fate] ?? words(tick.fate)} · ${tick.drivers_free_count} of ${tick.drivers_seen_count} drivers free`;
  return h(
    "details",
    { open: index === 0 },
    h("summary", {}, summary, tick.repeat_count > 0 && ` · and ${tick.repeat_count} ticks before alike`),
    tick.candidates.length > 0 &&
      h(
        "div",
        { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Drivers weighed" },
        h(
          "table",
          { "aria-label": `Drivers weighed at ${time(tick.ticked_at)}` },
          h("thead", {}, h("tr", {}, ["Driver", "Verdict"].map((name) => h("th", { scope: "col" }, name)), ["Away", "Time to the pickup", "Cost"].map((name) => h("th", { scope: "col", class: "num" }, name)))),
          h(
            "tbody",
            {},
            tick.candidates.slice(0, DRIVERS_LISTED).map((candidate) =>
              h(
                "tr",
                {},
                h("td", {}, h("span", { class: "mono" }, shortId(candidate.driver_id))),
                h("td", {}, candidate.verdict === "chosen" ? badge("accepted", "Chosen") : words(candidate.verdict)),
                h("td", { class: "num" }, distance(candidate.distance_meters)),
                h("td", { class: "num" }, duration(candidate.pickup_eta_seconds)),
                h("td", { class: "num", title: candidate.terms.map((term) => `${words(term.name)} ${Math.round(term.seconds)} s`).join(", ") }, candidate.cost_seconds === null ? "–" : `${Math.round(candidate.cost_seconds)} s`),
              ),
            ),
          ),
        ),
      ),
  );
}
