/** What a driver's panel shows of an offer, and of the ride that comes of it. */

import { h, toast } from "../lib/dom.js";
import { distance, minutes, money, place, words } from "../lib/format.js";
import { deliverySteps, orderFacts, titleOf } from "./driver_delivery.js";
import { codeField, confirmed, driveButton, stepButton, stepForm } from "./driver_steps.js";
import { STEPS, isOver, isUnderWay } from "./driver_work.js";
import { progress } from "./scene.js";

/** An offer, with the time that is left to answer it. */
export function offerCard({ work, draw }) {
  const { offer } = work;
  const whole = Math.max(1, (new Date(offer.expires_at) - Date.now()) / 1000);
  const bar = h("span");
  const began = performance.now();
  const run = () => {
    const left = 1 - (performance.now() - began) / (whole * 1000);
    bar.style.transform = `scaleX(${Math.max(0, left)})`;
    if (left > 0 && work.offer?.id === offer.id) requestAnimationFrame(run);
  };
  requestAnimationFrame(run);
  const buttons = [h("button", { class: "button primary wide", type: "button", on: { click: () => answer(() => work.accept()) } }, "Accept"), h("button", { class: "button plain wide", type: "button", on: { click: () => answer(() => work.decline()) } }, "Decline")];
  const answer = async (given) => {
    for (const button of buttons) button.disabled = true;
    const answered = given();
    draw();
    await answered.catch((error) => toast(error.message, "bad"));
    draw();
  };
  return h(
    "div",
    { class: "stack", data: { offer: offer.id } },
    h("div", { class: "countdown", role: "timer", "aria-label": `${Math.round(whole)} seconds to answer` }, bar),
    h("div", { class: "row between" }, h("h1", {}, offer.order ? "A delivery for you" : "A ride for you"), h("span", { class: "badge" }, offer.funding === "cash" ? "Cash" : words(offer.funding))),
    h("div", { class: "row between" }, h("span", { class: "sum" }, money(offer.earnings)), h("span", { class: "soft" }, `${minutes(offer.pickup_eta_seconds)} away · trip of ${distance(offer.distance_meters)}`)),
    legs(offer),
    offer.order && orderFacts(offer.order),
    buttons,
  );
}

const legs = (trip) =>
  h("div", { class: "leg" }, h("span", { class: "dot" }), h("span", {}, h("span", { class: "sr" }, "From "), place(trip.pickup)), h("span", { class: "dot to" }), h("span", {}, h("span", { class: "sr" }, "To "), place(trip.dropoff)));

/** Where a ride leads next; null where nothing is left to drive to. */
export const goalOf = (ride) => ({ driver_en_route: ride.pickup, in_progress: ride.dropoff, returning: ride.pickup })[ride.state] ?? null;

/** A ride, with what went wrong at the last step. */
export function rideCard(desk, trouble) {
  const { ride } = desk.work;
  const goal = goalOf(ride);
  const isNear = goal !== null && desk.car.isNear(goal);
  const title = ride.delivery ? titleOf(ride) : titleOfTrip(ride);
  return h(
    "div",
    { class: "stack", data: { ride: ride.id, state: ride.state } },
    STEPS[ride.state] && progress(STEPS[ride.state], 4, title),
    h("h1", {}, title),
    trouble,
    isUnderWay(ride) && legs(ride),
    isUnderWay(ride) && ride.note && h("p", {}, h("span", { class: "soft" }, "The rider says: "), ride.note),
    isUnderWay(ride) && ride.delivery && orderFacts(ride.delivery.order),
    ride.delivery ? deliverySteps(desk, goal, isNear) : tripSteps(desk, goal, isNear),
    ["driver_en_route", "arrived"].includes(ride.state) && h("button", { class: "button plain wide", type: "button", on: { click: (event) => giveBack(desk, event.currentTarget) } }, "Give the ride back"),
    ride.state === "arrived" && !ride.delivery && h("button", { class: "button plain wide", type: "button", on: { click: (event) => noShow(desk, event.currentTarget) } }, "The rider does not come"),
    !isUnderWay(ride) && ended(desk),
  );
}

function titleOfTrip(ride) {
  const rider = ride.rider_name || "your rider";
  return { driver_en_route: `Pick up ${rider}`, arrived: `Waiting for ${rider}`, in_progress: `Driving ${rider}`, completed: "Ride completed" }[ride.state] ?? words(ride.state);
}

function tripSteps(desk, goal, isNear) {
  const { state } = desk.work.ride;
  if (state === "driver_en_route") return [driveButton(desk, "Drive to the pickup", goal, isNear), stepButton(desk, "I am here", "arrive", isNear)];
  if (state === "arrived") return stepForm(desk, { step: "start", action: "Start the trip", fields: [codeField("The PIN that the rider tells you")], body: ({ pin }) => ({ pin }) });
  if (state === "in_progress") return [driveButton(desk, "Drive to the destination", goal, isNear), stepButton(desk, "Complete the ride", "complete", isNear)];
  return null;
}

async function giveBack({ work, car, draw }, button) {
  const { id } = work.ride;
  await confirmed(button, { title: "Give the ride back?", words: "Another driver is looked for.", action: "Give it back", danger: true }, async () => {
    await work.giveBack(id);
    car.stop();
  });
  draw();
}

async function noShow({ work, draw }, button) {
  const { id } = work.ride;
  await confirmed(button, { title: "Does the rider not come?", words: "The ride ends here, and the rider may owe a fee.", action: "End the ride", danger: true }, () => work.step(id, "no-show"));
  draw();
}

function ended({ work, draw, look }) {
  const { ride } = work;
  const next = () => {
    work.next();
    draw();
    look();
  };
  const paid = `${money(ride.fare.total)} ${ride.funding === "cash" ? "to be paid to you in cash" : "is collected from the rider"}. Your share is added to what is owed to you.`;
  return [h("p", { class: "soft" }, isOver(ride) ? paid : "Nothing more is to be done."), h("button", { class: "button primary wide", type: "button", on: { click: next } }, "Next ride")];
}
