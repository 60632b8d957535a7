/** One ride: what it is, its story across the services, why dispatch did what it did, and what can be done about it. */

import { ask, fill, h, icon, problem, refill, toast } from "../lib/dom.js";
import { distance, duration, money, place, shortId, time, typedAmount, words } from "../lib/format.js";
import { collection, decodePolyline, feature, lngLat, makeMap } from "../lib/map.js";
import { deployment } from "../lib/session.js";
import { every } from "../lib/stream.js";
import { color } from "../lib/theme.js";
import { act, amountField, badge, pageHead } from "./parts.js";
import { tickItem } from "./ticks.js";

const LOOK_SECONDS = 4;
/** What was asked for may come about after the ride's own end: a refund goes by the PSP. */
const LOOKS_AFTER_A_CHANGE = 15;
const ENDS = new Set(["completed", "canceled_by_rider", "canceled_by_platform", "no_show", "no_driver_available", "payment_failed", "returned"]);
const SETTLED = new Set([null, "captured", "voided", "declined", "none", "refunded"]);
export async function mountRide(root, { api, may, argument }) {
  const id = encodeURIComponent(argument);
  const trouble = h("div", {});
  const head = h("div", {});
  const facts = h("section", { class: "card", "aria-label": "Facts" }, h("div", { class: "skeleton" }));
  const story = h("section", { class: "card", "aria-label": "Story" }, h("h2", {}, "Story"), h("div", { class: "skeleton" }));
  const dispatch = h("section", { class: "card", "aria-label": "Dispatch" }, h("h2", {}, "Why this driver"), h("div", { class: "skeleton" }));
  const fare = h("section", { class: "card", "aria-label": "Fare" });
  const mapHolder = h("div", { class: "map mini-map" });
  const page = h("div", { class: "page" }, head, trouble, h("div", { class: "grid wide" }, h("div", { class: "stack" }, facts, story, dispatch), h("div", { class: "stack" }, h("div", { class: "card flush" }, mapHolder), fare)));
  fill(root, page);
  let ride = null;
  let making = null;
  let shown = "";
  let told = { events: [], trace_id: null };
  let looksLeft = 0;
  let explanations = 0;
  let gone = false;

  async function look() {
    let history;
    try {
      history = await api.get(`/v1/operator/rides/${id}/history`);
    } catch (error) {
      if (gone) return false;
      // What was seen last stays: it is of more use than nothing, as long as it is said to be old.
      if (ride !== null) refill(trouble, problem(error));
      else fill(root, h("div", { class: "page" }, pageHead("Ride"), problem(error, look)));
      return error.status !== 404;
    }
    let failure = null;
    try {
      told = await api.get(`/v1/operator/rides/${id}/timeline`);
    } catch (error) {
      failure = error;
    }
    if (gone) return false;
    if (ride === null) fill(root, page);
    ride = history.ride;
    refill(trouble, failure && problem(failure));
    const state = `${ride.version} ${history.offers.map((offer) => offer.state)} ${told.events.map((event) => event.what)}`;
    if (state !== shown) {
      shown = state;
      tell(told.events, told.trace_id);
      explain();
    }
    // The rest of the page is kept up while the map is made.
    drawWay().catch((error) => refill(mapHolder, problem(error)));
    looksLeft -= 1;
    return looksLeft > 0 || failure !== null || !(ENDS.has(ride.state) && SETTLED.has(ride.payment_state));
  }

  function tell(events, traceId) {
    const tools = [];
    if (may("operate_money", true) && ride.payment_state === "captured") tools.push(h("button", { class: "button", type: "button", on: { click: (event) => refund(event.currentTarget) } }, "Refund"));
    if (may("operate_rides", true) && !ENDS.has(ride.state)) tools.push(h("button", { class: "button danger", type: "button", on: { click: (event) => cancel(event.currentTarget) } }, "Cancel the ride"));
    fill(head, h("p", {}, h("a", { href: "#/rides", class: "row" }, icon("back"), "Rides")), pageHead(h("span", { class: "row" }, `Ride ${shortId(ride.id)}`, badge(ride.state)), h("span", { class: "mono" }, ride.id), tools));
    const fact = (term, ...told) => h("div", {}, h("dt", {}, term), h("dd", {}, told));
    fill(
      facts,
      h(
        "dl",
        { class: "facts" },
        fact("From", place(ride.pickup)),
        fact("To", place(ride.dropoff)),
        fact("Product", `${words(ride.product)}, ${ride.passengers} ${ride.passengers === 1 ? "person" : "people"}`),
        fact("Way", `${distance(ride.distance_meters)}, ${duration(ride.trip_eta_seconds)}`),
        fact("Driver", ride.driver ? `${ride.driver.display_name}, ${ride.driver.vehicle.plate}` : "None yet"),
        fact("Rider", h("span", { class: "mono" }, shortId(ride.rider_id))),
        ride.note && fact("Note to the driver", ride.note),
        fact("Payment", badge(ride.payment_state, `${words(ride.funding)}: ${words(ride.payment_state ?? "none")}`)),
        fact("Priced by", `${words(ride.city ?? "–")}, version ${ride.policy_version ?? "–"}`),
        ride.swap_count > 0 && fact("Drivers swapped", ride.swap_count),
        ride.reason && fact("Reason", words(ride.reason)),
        traceId && fact("Trace", traceOf(traceId)),
      ),
    );
    fill(fare, h("h2", {}, "Fare"), h("dl", { class: "lines" }, ride.fare.lines.map((line) => h("div", {}, h("dt", {}, words(line.kind), line.name && ` · ${line.name}`), h("dd", {}, (line.kind === "promotion" ? "−" : "") + money(line.amount)))), h("div", { class: "total" }, h("dt", {}, "Total"), h("dd", {}, money(ride.fare.total)))));
    fill(story, h("h2", {}, "Story"), h("ol", { class: "story" }, events.flatMap(eventsOf).map(eventItem)));
  }

  /** What is shown of an event; each way of a message is part of it, and only what went wrong there is told. */
  function eventsOf(event) {
    const who = event.account_id && (event.account_id === ride.driver?.id ? ride.driver.display_name : event.account_id === ride.rider_id ? "the rider" : `driver ${shortId(event.account_id)}`);
    const sub = (...parts) => [...parts, event.service, event.trace_id && `trace ${event.trace_id.slice(0, 8)}`].filter(Boolean).join(" · ");
    switch (event.subject) {
      case "ride":
        return [{ at: event.at, kind: "ride", text: words(event.what), sub: sub(who, event.facts.reason && words(event.facts.reason), event.facts.words && `“${event.facts.words}”`) }];
      case "offer": {
        const made = event.what === "made";
        const facts = made ? [`${duration(Number(event.facts.pickup_eta_seconds))} away`, `${money(event.amount)} for the driver`] : [];
        return [{ at: event.at, kind: "offer", text: made ? `Offer to ${who}` : `Offer to ${who} was ${words(event.what).toLowerCase()}`, sub: sub(...facts) }];
      }
      case "message":
        return [{ at: event.at, kind: "message", text: `Message: ${words(event.what)}`, sub: sub(who && `to ${who}`) }];
      case "delivery":
        return event.what === "failed" ? [{ at: event.at, kind: "message", text: `${words(event.facts.channel)} of ${words(event.facts.topic).toLowerCase()} failed`, sub: sub(who && `to ${who}`, event.facts.reason) }] : [];
      default:
        return [{ at: event.at, kind: "money", text: `${words(event.subject)}: ${event.what.includes(".") ? event.what : words(event.what)}${event.amount ? ` of ${money(event.amount)}` : ""}`, sub: sub() }];
    }
  }

  /** The whole id, to be searched for; a link where the deployment says where traces are looked at. */
  function traceOf(traceId) {
    const shown = h("span", { class: "mono" }, traceId);
    return deployment.traces ? h("a", { href: deployment.traces.replace("{trace_id}", traceId), target: "_blank", rel: "noopener" }, shown) : shown;
  }

  const eventItem = (event) => h("li", { class: event.kind }, h("time", {}, time(event.at)), h("span", { class: "knot" }), h("p", {}, event.text, h("span", { class: "who" }, event.sub)));

  async function explain() {
    const turn = ++explanations;
    let told;
    try {
      told = await api.get(`/v1/operator/rides/${id}/dispatch`);
      if (turn !== explanations) return;
    } catch (error) {
      if (turn !== explanations) return;
      fill(dispatch, h("h2", {}, "Why this driver"), problem(error, explain));
      return;
    }
    if (!told.ticks.length) {
      fill(dispatch, h("h2", {}, "Why this driver"), h("p", { class: "soft" }, "No tick of dispatch has weighed this ride yet, or it is longer than three days ago."));
      return;
    }
    fill(dispatch, h("h2", {}, "Why this driver"), h("div", { class: "stack" }, told.ticks.slice(-12).toReversed().map(tickItem)));
  }

  async function openMap() {
    const scene = await makeMap(mapHolder, { label: "Where the ride goes", sources: ["way", "ends"], layers });
    try {
      scene.showAreas((await api.get("/v1/service-areas")).items);
    } catch (error) {
      // The way is worth seeing without them.
      toast(error.message, "bad");
    }
    scene.show([ride.pickup, ride.dropoff], { padding: 45, animate: false });
    return scene;
  }

  async function drawWay() {
    // A look that comes while the map is made waits for the same one.
    making ??= openMap();
    const scene = await making;
    const route = ENDS.has(ride.state) ? null : await api.get(`/v1/rides/${id}/route`).catch(() => null);
    if (gone) return;
    const straight = [ride.pickup, ...ride.stops.map((stop) => stop.place), ride.dropoff].map(lngLat);
    const line = route?.legs.some((leg) => leg.polyline) ? route.legs.flatMap((leg) => (leg.polyline ? decodePolyline(leg.polyline) : [])) : straight;
    scene.setData("way", collection([feature("LineString", line)]));
    scene.setData("ends", collection([feature("Point", lngLat(ride.pickup), { kind: "from" }), feature("Point", lngLat(ride.dropoff), { kind: "to" })]));
  }

  async function cancel(button) {
    const given = await ask({ title: "Cancel this ride?", words: "The platform ends it; nothing is charged, and driver and rider are told.", action: "Cancel the ride", danger: true, fields: [{ name: "reason", label: "Why, for the record", required: true, maxlength: "200" }] });
    if (given) await act(button, () => api.post(`/v1/operator/rides/${id}/cancel`, { reason: given.reason }), "The ride was canceled.");
    lookOn();
  }

  async function refund(button) {
    const code = ride.fare.total.currency_code;
    const given = await ask({
      title: "Refund",
      words: `The ride cost ${money(ride.fare.total)}. Leave the amount empty to give all of it back.`,
      action: "Refund",
      fields: [
        amountField("amount", `Amount in ${code}`, code),
        { name: "borne_by", label: "Borne by", options: [["", "As the city's rules say"], ["platform", "The platform"], ["driver", "The driver"]] },
        { name: "reason", label: "Why, for the record", required: true, maxlength: "200" },
      ],
    });
    if (!given) return;
    const body = () => ({ ride_id: ride.id, reason: given.reason, ...typedAmount(given.amount, code), ...(given.borne_by && { borne_by: given.borne_by }) });
    await act(button, () => api.post("/v1/operator/refunds", body()), "The refund is on its way.");
    shown = "";
    lookOn();
  }

  /** Look from now on, until there is no more to come. */
  function lookOn(looks = LOOKS_AFTER_A_CHANGE) {
    if (gone) return;
    looksLeft = looks;
    looking?.stop();
    const mine = every(LOOK_SECONDS, async () => {
      if (!(await look())) mine.stop();
    });
    looking = mine;
  }

  let looking = null;
  lookOn(0);
  return () => {
    gone = true;
    looking.stop();
    making?.then((scene) => scene.map.remove(), () => {});
  };
}

const layers = () => [
  { id: "way", type: "line", source: "way", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color("map-ride"), "line-width": 3.5 } },
  {
    id: "ends",
    type: "circle",
    source: "ends",
    paint: { "circle-radius": 6, "circle-color": ["match", ["get", "kind"], "from", color("raised"), color("map-ride")], "circle-stroke-color": ["match", ["get", "kind"], "from", color("map-ride"), color("raised")], "circle-stroke-width": 2.5 },
  },
];
