/** The buttons of a driver's steps: drive there, do the next step, and what is asked before it is done. */

import { ask, h, toast } from "../lib/dom.js";
import { isUnderWay } from "./driver_work.js";

export const driveButton = ({ car, work }, text, goal, isNear) =>
  h("button", { class: `button wide ${isNear ? "" : "primary"}`, type: "button", disabled: isNear, on: { click: () => car.driveAlong(work.ride.id, goal) } }, isNear ? "You are there" : text);

export const stepButton = (desk, text, step, isPrimary) =>
  h("button", { class: `button wide ${isPrimary ? "primary" : ""}`, type: "button", data: { key: step }, on: { click: (event) => go(desk, step, undefined, event.currentTarget) } }, text);

/** Do a step of the ride, from where the car is now. */
export async function go({ work, car, draw, fail }, step, body, button) {
  const { id } = work.ride;
  button.disabled = true;
  try {
    await car.report();
    await work.step(id, step, body);
    if (!isUnderWay(work.ride)) car.stop();
    draw();
  } catch (error) {
    button.disabled = false;
    fail(error);
  }
}

/**
 * A form that does a step with what was typed.
 * @param {any} desk
 * @param {{step: string, action: string, fields: any[], body: (given: any) => any}} options
 */
export function stepForm(desk, { step, action, fields, body }) {
  const button = h("button", { class: "button primary wide" }, action);
  const form = h("form", { class: "stack" }, fields, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(desk, step, body(Object.fromEntries(new FormData(form))), button);
  });
  return form;
}

/** A field of such a form for four digits that somebody tells the driver. */
export const codeField = (label) =>
  h("div", { class: "field" }, h("label", { for: "pin" }, label), h("input", { id: "pin", class: "code", name: "pin", inputmode: "numeric", pattern: "[0-9]{4}", maxlength: "4", required: true, autocomplete: "off" }));

/** Ask, then do it with what was given, once. */
export async function confirmed(button, question, deed) {
  button.disabled = true;
  try {
    const given = await ask(question);
    if (given) await deed(given);
  } catch (error) {
    toast(error.message, "bad");
  }
  button.disabled = false;
}
