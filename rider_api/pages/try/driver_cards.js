/** What a driver's panel shows while no ride is about: the application, waiting for the decision, and being free. */

import { h, problem, refill, toast } from "../lib/dom.js";
import { money, time, words } from "../lib/format.js";
import { deployment } from "../lib/session.js";

// A local stack believes fast cars, so that nobody has to wait; elsewhere positions must be those of a real car.
export const PACES = deployment.environment === "local" ? [["12", "Fast"], ["120", "Very fast"], ["1", "As in life"]] : [["1", "As in life"]];
const CLASSES = ["economy", "xl", "wheelchair"];
const DECISIONS = {
  pending: ["Your application is with us", "An operator decides. This page goes on by itself."],
  rejected: ["Your application was declined", "Ask the people who run the service why."],
  suspended: ["You cannot drive just now", "Ask the people who run the service why."],
};

/** Becoming a driver. What was typed stays where it is refused. */
export function applicationCard({ work, draw, look }) {
  const field = (name, label, value, props = {}) => h("div", { class: "field" }, h("label", { for: name }, label), h("input", { id: name, name, value, required: true, ...props }));
  const plate = `7TRY${String(Math.floor(Math.random() * 900) + 100)}`;
  const trouble = h("div", {});
  const button = h("button", { class: "button primary wide" }, "Apply");
  const form = h(
    "form",
    { class: "stack" },
    h("div", { class: "stack tight" }, h("h1", {}, "Apply as a driver"), h("p", { class: "soft" }, deployment.environment === "local" ? "A local stack approves at once." : "An operator looks at each application.")),
    field("name", "Your name", "Ana", { maxlength: "60", autocomplete: "given-name" }),
    h("div", { class: "row fixed" }, field("model", "Vehicle", "Toyota Prius", { maxlength: "60" }), field("color", "Color", "blue", { maxlength: "30" })),
    h(
      "div",
      { class: "row fixed" },
      field("plate", "Plate", plate, { maxlength: "16" }),
      h("div", { class: "field grow" }, h("label", { for: "class" }, "Class"), h("select", { id: "class", name: "class" }, CLASSES.map((name) => h("option", { value: name }, words(name))))),
    ),
    trouble,
    button,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    button.disabled = true;
    try {
      await work.apply(given.name, { model: given.model, color: given.color, plate: given.plate, vehicle_class: given.class });
      draw();
      look();
    } catch (error) {
      refill(trouble, problem(error));
    }
    button.disabled = false;
  });
  return form;
}

/** Between the application and the decision, and after one that was not the wished one. */
export function decisionCard({ work }) {
  const [title, text] = DECISIONS[work.driver.status] ?? [words(work.driver.status), ""];
  return h("div", { class: "stack" }, h("h1", {}, title), h("p", { class: "soft" }, text));
}

/** Free, online or not. */
export function idleCard({ work, car, draw }) {
  return h(
    "div",
    { class: "stack", data: { driver: work.driver.id } },
    h("h1", {}, work.online ? "You are online" : "You are offline"),
    onlineSwitch(work, car, draw),
    carriesField(work, draw),
    work.online
      ? h("p", { class: "soft" }, "Offers appear here. Click the map to drive somewhere.")
      : h("ol", { class: "steps" }, h("li", {}, "Click the map to put your car near riders."), h("li", {}, "Go online."), h("li", {}, "Ask for a ride in the rider's page, in another window.")),
    paceField(car),
    earningsCard(work.earnings),
  );
}

function earningsCard(earnings) {
  const { balances, entries } = earnings ?? { balances: [], entries: [] };
  return h(
    "section",
    { class: "card stack tight", "aria-label": "Earnings" },
    h("h3", {}, "Owed to you"),
    h("span", { class: "sum" }, balances.length ? balances.map(money).join(" + ") : "Nothing yet"),
    entries.length > 0 && h("dl", { class: "lines small" }, entries.slice(0, 4).map((entry) => h("div", {}, h("dt", {}, `${words(entry.kind)} · ${time(entry.created_at)}`), h("dd", {}, money(entry.amount))))),
  );
}

function onlineSwitch(work, car, draw) {
  const button = h(
    "button",
    { class: "switch", type: "button", role: "switch", "aria-checked": String(work.online), data: { key: "online" } },
    h("span", {}, work.online ? "Taking rides" : "Go online"),
    h("span", { class: "knob", "aria-hidden": "true" }),
  );
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await work.turn(!work.online);
      await car.report();
    } catch (error) {
      toast(error.message, "bad");
    }
    button.disabled = false;
    draw();
  });
  return button;
}

function carriesField(work, draw) {
  const input = h("input", { id: "carries", type: "checkbox", checked: work.carries });
  input.addEventListener("change", async () => {
    input.disabled = true;
    await work.turn(work.online, !work.carries).catch((error) => toast(error.message, "bad"));
    input.disabled = false;
    input.checked = work.carries;
    draw();
  });
  return h("label", { class: "row fixed", for: "carries" }, input, "Take deliveries as well");
}

function paceField(car) {
  if (PACES.length < 2) return null;
  return h(
    "div",
    { class: "field" },
    h("label", { for: "pace" }, "Your car drives"),
    h("select", { id: "pace", on: { change: (event) => (car.pace = Number(event.target.value)) } }, PACES.map(([value, text]) => h("option", { value, selected: Number(value) === car.pace }, text))),
  );
}
