/** How it goes: counts of now, and rides, waits and fares over time. */

import { fill, h, problem, refill } from "../lib/dom.js";
import { count, duration, money, words } from "../lib/format.js";
import { every } from "../lib/stream.js";
import { STATES } from "./fleet_layers.js";
import { pageHead, segments, stat } from "./parts.js";
import { timePlot } from "./plots.js";

const LOOK_SECONDS = 5;
const SUMMARY_LOOKS = 3;
const PERIODS = { hour: [3600, 60], shift: [6 * 3600, 300], day: [24 * 3600, 900] };

export function mountPulse(root, { api }) {
  let period = "hour";
  let looks = 0;
  let currency = null;
  const stats = h("section", { class: "card stats", "aria-label": "Figures" }, [1, 2, 3, 4, 5].map(() => h("div", { class: "skeleton" })));
  const vehicles = h("div", { class: "bars" });
  const rides = h("div", { class: "bars" });
  const waits = h("div", {});
  const trouble = h("div", {});
  const flow = timePlot({
    label: "Rides asked for, completed and come to nothing, by step",
    series: [
      { label: "Asked for", color: "map-ride", tell: whole },
      { label: "Completed", color: "car-free", fill: true, tell: whole },
      { label: "Came to nothing", color: "car-silent", tell: whole },
    ],
  });
  const wait = timePlot({ label: "Mean wait from the request to the driver's arrival, by step", series: [{ label: "Mean wait", color: "car-arrived", fill: true, tell: (value) => duration(value) }] });
  const fares = timePlot({ label: "Fares of completed rides, by step", series: [{ label: "Fares", color: "accent", bars: true, tell: (value) => (currency ? money({ currency_code: currency, amount_minor: Math.round(value) }) : String(value)) }] });
  const choice = segments("Period", [["hour", "1 hour"], ["shift", "6 hours"], ["day", "24 hours"]], period, (value) => {
    period = value;
    looks = 0;
    look();
  });
  fill(
    root,
    h(
      "div",
      { class: "page" },
      pageHead("Pulse", "Rides that were asked for within the period", choice),
      trouble,
      stats,
      h("section", { class: "card", "aria-label": "Rides over time" }, h("h2", {}, "Rides"), flow),
      h("div", { class: "grid" }, h("section", { class: "card", "aria-label": "Waits over time" }, h("h2", {}, "Mean wait for the driver"), wait), h("section", { class: "card", "aria-label": "Fares over time" }, h("h2", {}, "Fares of completed rides"), fares)),
      h("div", { class: "grid" }, h("section", { class: "card", "aria-label": "Drivers now" }, h("h2", {}, "Drivers now"), vehicles), h("section", { class: "card", "aria-label": "Open rides now" }, h("h2", {}, "Open rides now"), rides), h("section", { class: "card", "aria-label": "Waits" }, h("h2", {}, "Waits"), waits)),
    ),
  );

  const look = every(LOOK_SECONDS, async () => {
    const [seconds, step] = PERIODS[period];
    const begin = Math.ceil((Date.now() / 1000 - seconds) / step) * step;
    const since = new Date(begin * 1000).toISOString();
    try {
      const pulse = await api.get("/v1/operator/pulse", { since, step_seconds: step });
      tell(pulse);
      fill(trouble);
      if (looks++ % SUMMARY_LOOKS === 0) tellSummary(await api.get("/v1/operator/rides/summary", { since }));
    } catch (error) {
      refill(trouble, problem(error));
    }
  });

  function tell(pulse) {
    const { steps } = pulse;
    const sum = (name) => steps.reduce((total, step) => total + step[name], 0);
    const nothing = (step) => step.canceled_count + step.unmatched_count;
    const byCurrency = new Map();
    for (const amount of steps.flatMap((step) => step.fares)) byCurrency.set(amount.currency_code, (byCurrency.get(amount.currency_code) ?? 0) + amount.amount_minor);
    const [[code] = [null]] = [...byCurrency].toSorted((a, b) => b[1] - a[1]);
    currency = code ?? currency;
    const ended = sum("completed_count") + sum("canceled_count") + sum("unmatched_count");
    refill(stats, [
      stat(count(sum("requested_count")), "asked for"),
      stat(count(sum("completed_count")), "completed"),
      stat(ended ? `${((100 * sum("completed_count")) / ended).toFixed(1)} %` : "–", "completion"),
      stat(sum("pickup_count") ? duration(steps.reduce((total, step) => total + step.mean_wait_seconds * step.pickup_count, 0) / sum("pickup_count")) : "–", "mean wait"),
      stat([...byCurrency].map(([name, minor]) => money({ currency_code: name, amount_minor: minor })).join(" + ") || "–", "fares"),
    ]);
    const at = steps.map((step) => new Date(step.started_at) / 1000);
    flow.setData([at, steps.map((step) => step.requested_count), steps.map((step) => step.completed_count), steps.map(nothing)]);
    wait.setData([at, steps.map((step) => (step.pickup_count ? step.mean_wait_seconds : null))]);
    fares.setData([at, steps.map((step) => step.fares.find((amount) => amount.currency_code === currency)?.amount_minor ?? 0)]);
    const doing = new Map(pulse.vehicles.map((item) => [item.state, item.count]));
    bars(vehicles, STATES.filter(([name]) => doing.has(name)).map(([name, text]) => [text, doing.get(name), name]), "Nobody is on shift.");
    bars(rides, pulse.rides.map((item) => [words(item.state), item.count, ""]), "No ride is open.");
  }

  function bars(holder, rows, none) {
    const most = Math.max(1, ...rows.map((row) => row[1]));
    refill(
      holder,
      rows.length ? rows.map(([text, number, mark]) => h("div", { class: "bar" }, h("span", {}, text), h("span", { class: `track ${mark && `tint-${mark}`}`, data: { share: String(number / most) } }, h("span")), h("b", {}, count(number)))) : h("p", { class: "soft" }, none),
    );
    // Widths are set by hand: the pages' policy lets no style stand in markup.
    for (const track of holder.querySelectorAll(".track")) track.firstChild.style.width = `${Math.max(2, 100 * Number(track.dataset.share))}%`;
  }

  function tellSummary(summary) {
    const line = (text, told) => h("div", {}, h("dt", {}, text), h("dd", {}, told));
    refill(
      waits,
      h(
        "dl",
        { class: "lines" },
        line("Request to offer, median", duration(summary.request_to_offer.p50_seconds)),
        line("Request to offer, 95 of 100", duration(summary.request_to_offer.p95_seconds)),
        line("Request to pickup, median", duration(summary.request_to_pickup.p50_seconds)),
        line("Request to pickup, 95 of 100", duration(summary.request_to_pickup.p95_seconds)),
        line("Offers made", count(summary.offer_count)),
        line("Double assignments", summary.double_assignment_count === 0 ? h("span", { class: "badge good" }, "None") : h("span", { class: "badge bad" }, count(summary.double_assignment_count))),
      ),
    );
  }

  return () => {
    look.stop();
    for (const plot of [flow, wait, fares]) plot.stop();
  };
}

const whole = (value) => (Number.isInteger(value) ? count(value) : "");
