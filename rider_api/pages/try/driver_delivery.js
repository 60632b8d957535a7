/** What a driver's panel shows of an order: collected at the shop, handed over with its proof, or brought back. */

import { h } from "../lib/dom.js";
import { words } from "../lib/format.js";
import { codeField, confirmed, driveButton, stepButton, stepForm } from "./driver_steps.js";

const FAILURES = [["recipient_absent", "Nobody is there"], ["refused", "It is not wanted"], ["address_wrong", "The address is wrong"], ["pin_not_known", "They do not know the PIN"], ["age_not_shown", "They do not show their age"]];
const REFERENCES = { photo: "What names the photo", signature: "Who signed for it" };

/** What a courier does now, by the ride's state. */
export const titleOf = ({ state, delivery: { order } }) =>
  ({ driver_en_route: `Collect at ${order.shop_name}`, arrived: `At ${order.shop_name}`, in_progress: `Bring it to ${order.recipient_name}`, returning: `Bring it back to ${order.shop_name}`, returned: "Brought back", completed: "Handed over" })[state] ?? words(state);

/** What is carried, for whom. */
export const orderFacts = (order) =>
  h("dl", { class: "lines small" }, [["Order", order.order_reference], ["What", `${order.items} · ${words(order.size)}`], ["From", told(order.shop_name, order.shop_phone)], ["For", told(order.recipient_name, order.recipient_phone)]].map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text))));

const told = (name, phone) => (phone ? `${name} · ${phone}` : name);

/** The steps that an order may take where it stands. */
export function deliverySteps(desk, goal, isNear) {
  const { ride } = desk.work;
  const { order } = ride.delivery;
  switch (ride.state) {
    case "driver_en_route":
      return [driveButton(desk, "Drive to the shop", goal, isNear), stepButton(desk, "I am here", "arrive", isNear)];
    case "arrived":
      return collectForm(desk, order);
    case "in_progress":
      // Who is not there yet types nothing that would be lost on arrival.
      return [isNear ? handOverForm(desk, order) : driveButton(desk, "Drive to the recipient", goal, isNear), failButton(desk)];
    case "returning":
      return isNear ? returnForm(desk) : driveButton(desk, "Drive back to the shop", goal, isNear);
    default:
      return null;
  }
}

const collectForm = (desk, order) =>
  stepForm(desk, {
    step: "collect",
    action: "I have the order",
    fields: [order.pickup_code_required && codeField("The code that the shop was told")],
    body: ({ pin }) => ({ code: pin ?? "" }),
  });

function handOverForm(desk, { proof_required: proof, capabilities }) {
  const needsAge = capabilities.includes("age_check");
  const reference = () => h("div", { class: "field" }, h("label", { for: "reference" }, REFERENCES[proof]), h("input", { id: "reference", name: "reference", maxlength: "200", required: true, autocomplete: "off" }));
  return stepForm(desk, {
    step: "hand-over",
    action: "Hand it over",
    fields: [proof === "pin" ? codeField("The PIN that the recipient tells you") : reference(), needsAge && h("label", { class: "row fixed" }, h("input", { type: "checkbox", name: "age", required: true }), "I checked the recipient's age")],
    // The box must be ticked where there is one: else nothing is sent.
    body: ({ pin, reference: named }) => ({ proof_kind: proof, age_checked: needsAge, ...(proof === "pin" ? { pin } : { proof_reference: named }) }),
  });
}

function failButton(desk) {
  const fail = (event) => {
    const { work, draw } = desk;
    const { id } = work.ride;
    const fields = [{ name: "failure", label: "Why", options: FAILURES }, { name: "reason", label: "In your words", maxlength: "200" }];
    const question = { title: "Can it not be handed over?", words: "The order goes back to the shop, and whoever ordered pays for the way back.", action: "Bring it back", danger: true, fields };
    return confirmed(event.currentTarget, question, async (given) => {
      await work.step(id, "fail-delivery", given);
      desk.car.stop();
    }).then(draw);
  };
  return h("button", { class: "button plain wide", type: "button", data: { key: "fail" }, on: { click: fail } }, "It cannot be handed over");
}

const returnForm = (desk) =>
  stepForm(desk, {
    step: "return",
    action: "The shop has it again",
    fields: [h("div", { class: "field" }, h("label", { for: "received-by" }, "Who took it back"), h("input", { id: "received-by", name: "received_by", maxlength: "80", required: true, autocomplete: "off" }))],
    body: ({ received_by: name }) => ({ received_by: name }),
  });
