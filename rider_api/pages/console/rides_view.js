/** All rides, newest first, by where they stand. */

import { fill, h } from "../lib/dom.js";
import { money, place, shortId, time, words } from "../lib/format.js";
import { badge, listTable, pageHead, segments } from "./parts.js";

const STATES = {
  all: [],
  open: ["requested", "matching", "offered", "driver_en_route", "arrived", "in_progress", "returning"],
  ahead: ["scheduled"],
  completed: ["completed"],
  failed: ["no_driver_available", "payment_failed", "canceled_by_platform", "canceled_by_rider", "no_show", "returned"],
};

export function mountRides(root, { api }) {
  let chosen = "all";
  const table = listTable({
    label: "Rides",
    link: (ride) => `#/ride/${ride.id}`,
    none: ["No rides here", "Rides of this kind appear once somebody asks for one."],
    load: (cursor) => api.get("/v1/operator/rides", { limit: 50, cursor, state: STATES[chosen] }),
    columns: [
      { title: "Ride", cell: (ride) => h("span", { class: "mono" }, shortId(ride.id)) },
      { title: "State", cell: (ride) => badge(ride.state) },
      { title: "Asked for", cell: (ride) => h("span", { class: "num" }, time(ride.requested_at)) },
      { title: "Product", cell: (ride) => words(ride.product) },
      { title: "From", cell: (ride) => place(ride.pickup) },
      { title: "Driver", cell: (ride) => (ride.driver ? `${ride.driver.display_name} · ${ride.driver.vehicle.plate}` : h("span", { class: "soft" }, "None")) },
      { title: "Payment", cell: (ride) => badge(ride.payment_state, ride.payment_state ? words(ride.payment_state) : "None") },
      { title: "Fare", num: true, cell: (ride) => money(ride.fare.total) },
    ],
  });
  const choice = segments("Which rides", [["all", "All"], ["open", "Open"], ["ahead", "Ahead"], ["completed", "Completed"], ["failed", "Came to nothing"]], chosen, (value) => {
    chosen = value;
    table.again();
  });
  const find = h("form", { class: "row fixed", role: "search" }, h("input", { "aria-label": "Open a ride by its id", name: "id", placeholder: "ride_…", pattern: "ride_[0-9a-z]{26}", required: true, spellcheck: "false" }), h("button", { class: "button" }, "Open"));
  find.addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `#/ride/${find.elements.id.value}`;
  });
  fill(root, h("div", { class: "page" }, pageHead("Rides", null, find), choice, h("div", { class: "card flush" }, table)));
  return () => {};
}
