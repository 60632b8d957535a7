/** Drivers: who applied, who may drive, who is on shift. */

import { ask, fill, h } from "../lib/dom.js";
import { ago, shortId, time, words } from "../lib/format.js";
import { act, badge, listTable, pageHead, segments } from "./parts.js";

const DECISIONS = {
  approved: { text: "Approve", title: (driver) => `Approve ${driver.display_name}?`, words: "They may go online at once.", reason: false, done: "may drive now." },
  rejected: { text: "Reject", title: (driver) => `Reject ${driver.display_name}?`, words: "They are told, and may ask why.", reason: true, danger: true, done: "was rejected." },
  suspended: { text: "Suspend", title: (driver) => `Suspend ${driver.display_name}?`, words: "No more offers; a ride under way is brought to its end.", reason: true, danger: true, done: "may not drive for now." },
};
const OFFERED = { pending: ["approved", "rejected"], approved: ["suspended"], suspended: ["approved"], rejected: ["approved"] };

export function mountDrivers(root, { api, may }) {
  let chosen = "pending";
  const decides = may("operate_drivers", true);
  const below = h("div", { class: "card flush" });
  const options = [["pending", "To decide"], ["approved", "Approved"], ["suspended", "Suspended"], ["rejected", "Rejected"], ...(decides ? [["shifts", "On shift"]] : [])];
  const choice = segments("Which drivers", options, chosen, (value) => {
    chosen = value;
    show();
  });
  fill(root, h("div", { class: "page" }, pageHead("Drivers", decides ? "Decisions go into the audit log" : "Support looks; operators decide"), choice, below));

  function show() {
    fill(below, chosen === "shifts" ? shifts() : drivers());
  }

  function drivers() {
    const table = listTable({
      label: "Drivers",
      none: chosen === "pending" ? ["Nobody waits", "New applications appear here."] : ["Nobody here", ""],
      load: (cursor) => api.get("/v1/operator/drivers", { cursor, status: chosen }),
      columns: [
        { title: "Name", cell: (driver) => h("strong", {}, driver.display_name) },
        { title: "Vehicle", cell: (driver) => `${words(driver.vehicle.color)} ${driver.vehicle.model}` },
        { title: "Plate", cell: (driver) => h("span", { class: "mono" }, driver.vehicle.plate) },
        { title: "Class", cell: (driver) => words(driver.vehicle.vehicle_class) },
        { title: "Status", cell: (driver) => badge(driver.status) },
        { title: "Id", cell: (driver) => h("span", { class: "mono soft", title: driver.id }, shortId(driver.id)) },
        {
          title: "",
          cell: (driver) =>
            decides &&
            h(
              "div",
              { class: "row" },
              (OFFERED[driver.status] ?? []).map((status) =>
                h("button", { class: `button small ${DECISIONS[status].danger ? "" : "primary"}`, type: "button", "aria-label": `${DECISIONS[status].text} ${driver.display_name}`, on: { click: (event) => decide(driver, status, event.currentTarget) } }, DECISIONS[status].text),
              ),
            ),
        },
      ],
    });

    async function decide(driver, status, button) {
      const decision = DECISIONS[status];
      const given = await ask({
        title: decision.title(driver),
        words: decision.words,
        action: decision.text,
        danger: decision.danger,
        fields: [{ name: "reason", label: "Why, for the record", required: decision.reason, maxlength: "500" }],
      });
      if (!given) return;
      await act(button, () => api.put(`/v1/operator/drivers/${driver.id}/status`, { status, reason: given.reason }), `${driver.display_name} ${decision.done}`);
      table.again();
    }

    return table;
  }

  function shifts() {
    return listTable({
      label: "Open shifts",
      none: ["Nobody is on shift", "Drivers who go online appear here."],
      load: (cursor) => api.get("/v1/operator/shifts", { cursor }),
      columns: [
        { title: "Name", cell: (shift) => h("strong", {}, shift.driver_name) },
        { title: "Plate", cell: (shift) => h("span", { class: "mono" }, shift.vehicle_plate) },
        { title: "Since", cell: (shift) => h("span", { class: "num" }, time(shift.started_at)) },
        { title: "Ride", cell: (shift) => (shift.ride_id ? h("a", { href: `#/ride/${shift.ride_id}`, class: "mono" }, shortId(shift.ride_id)) : "–") },
        { title: "Notes", cell: notes },
      ],
    });
  }

  show();
  return () => {};
}

const notes = (shift) =>
  h(
    "div",
    { class: "row" },
    shift.silent_since && h("span", { class: "badge bad" }, `Not heard of since ${ago(shift.silent_since).replace(" ago", "")}`),
    shift.break_until && h("span", { class: "badge" }, `Break until ${time(shift.break_until)}`),
    shift.last_ride && h("span", { class: "badge" }, "Last ride"),
    shift.heading && h("span", { class: "badge info" }, "Heading home"),
  );
