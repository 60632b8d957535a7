/** What a rider's panel shows of a ride: how far it is, who drives, the PIN, the receipt; and what may be done about it. */

import { ask, h, icon, problem, toast } from "../lib/dom.js";
import { minutes, money, place, words } from "../lib/format.js";
import { isEnded } from "./rider_journey.js";
import { progress } from "./scene.js";

const STEPS = { requested: 1, matching: 1, offered: 1, driver_en_route: 2, arrived: 3, in_progress: 4, completed: 5 };
const HEADLINES = {
  scheduled: ["Your ride is booked", "A driver is looked for when it is time."],
  requested: ["Reserving the fare", "The amount is held on your card, not taken."],
  matching: ["Looking for a driver", "Drivers around you are being weighed."],
  offered: ["A driver is being asked", "They have a few seconds to answer."],
  driver_en_route: ["Your driver is on the way", null],
  arrived: ["Your driver is here", "Tell them the PIN when you get in."],
  in_progress: ["On the way", null],
  completed: ["You have arrived", "The receipt comes with the payment."],
  no_driver_available: ["No driver was free", "Nothing was charged."],
  payment_failed: ["The payment was declined", "Choose another way to pay."],
  canceled_by_rider: ["You canceled the ride", null],
  canceled_by_platform: ["The ride was canceled for you", "Nothing was charged."],
  no_show: ["The driver waited and left", "A fee may have been charged."],
};
const CANCELABLE = new Set(["requested", "matching", "offered", "driver_en_route", "arrived", "scheduled"]);

/**
 * A ride as it stands.
 * @param {{api: import("../lib/api.js").Api, journey: import("./rider_journey.js").Journey, follow: (ride: any) => void, forget: () => void, showRide: (trouble?: any) => void}} desk
 */
export function rideCard(desk, trouble) {
  const { ride, receipt } = desk.journey;
  const [title, before] = HEADLINES[ride.state] ?? [words(ride.state), null];
  const told = receipt ? "Thank you for riding." : before;
  const ended = isEnded(ride);
  const hasEta = ["driver_en_route", "in_progress"].includes(ride.state);
  const showsPin = ride.start_pin && ["driver_en_route", "arrived"].includes(ride.state);
  return h(
    "div",
    { class: "stack", data: { ride: ride.id, state: ride.state } },
    STEPS[ride.state] && progress(STEPS[ride.state], 5, title),
    h(
      "div",
      { class: "row between fixed" },
      h("div", { class: "stack tight" }, h("h1", {}, title), told && h("p", { class: "soft" }, told)),
      hasEta && h("strong", { id: "eta", class: "sum" }, ride.state === "driver_en_route" && ride.pickup_eta_seconds ? minutes(ride.pickup_eta_seconds) : ""),
    ),
    ride.driver_silent_since && h("p", { class: "notice warn" }, "Your driver's phone is out of coverage. The ride goes on."),
    ride.driver && !ended && driverCard(ride.driver),
    showsPin && h("div", { class: "pin" }, h("span", {}, "Your PIN"), h("output", {}, ride.start_pin)),
    receipt ? receiptCard(receipt) : facts(ride, ended),
    ride.state === "completed" && receipt && stars(desk.api, ride),
    trouble,
    ended && h("button", { class: "button primary wide", type: "button", on: { click: desk.forget } }, "Ride again"),
    CANCELABLE.has(ride.state) && h("button", { class: "button wide", type: "button", data: { key: "cancel" }, on: { click: (event) => cancel(desk, event.currentTarget) } }, "Cancel the ride"),
  );
}

function facts(ride, ended) {
  const line = (term, told) => h("div", {}, h("dt", {}, term), h("dd", {}, told));
  return h("dl", { class: "lines" }, line("From", place(ride.pickup)), line("To", place(ride.dropoff)), line(ended ? "Price" : `Price, by ${ride.funding}`, money(ride.fare.total)));
}

function driverCard(driver) {
  return h(
    "div",
    { class: "card who" },
    h("span", { class: "avatar", "aria-hidden": "true" }, driver.display_name.charAt(0)),
    h("div", {}, h("strong", {}, driver.display_name), h("div", { class: "soft small" }, `${words(driver.vehicle.color)} ${driver.vehicle.model}`)),
    h("span", { class: "plate" }, driver.vehicle.plate),
  );
}

function receiptCard(paid) {
  const how = paid.funding === "card" ? `${words(paid.brand ?? "card")} ·· ${paid.last_digits ?? ""}` : words(paid.funding);
  return h(
    "section",
    { class: "card stack tight", "aria-label": "Receipt" },
    h("div", { class: "row between" }, h("h2", {}, "Receipt"), h("span", { class: "soft small" }, how)),
    h(
      "dl",
      { class: "lines" },
      paid.lines.map((line) => h("div", {}, h("dt", {}, words(line.kind)), h("dd", {}, (line.kind === "promotion" ? "−" : "") + money(line.amount)))),
      h("div", { class: "total" }, h("dt", {}, "Total"), h("dd", {}, money(paid.total))),
    ),
  );
}

function stars(api, ride) {
  let isRating = false;
  const rate = async (number) => {
    if (isRating) return;
    isRating = true;
    try {
      await api.post(`/v1/rides/${ride.id}/rating`, { stars: number });
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index < number)));
      toast("Thank you. Your rating is kept to yourself.");
    } catch (error) {
      toast(error.message, "bad");
    }
    isRating = false;
  };
  const buttons = [1, 2, 3, 4, 5].map((number) =>
    h("button", { class: "icon-button", type: "button", "aria-pressed": "false", "aria-label": `${number} of 5 stars`, on: { click: () => rate(number) } }, icon("star")),
  );
  return h("div", { class: "row between" }, h("span", { class: "soft" }, `How was ${ride.driver?.display_name ?? "the ride"}?`), h("div", { class: "stars" }, buttons));
}

async function cancel({ api, journey, follow, showRide }, button) {
  const { id } = journey.ride;
  button.disabled = true;
  try {
    const preview = await api.post(`/v1/rides/${id}/cancellation-preview`);
    const agreed = await ask({
      title: "Cancel the ride?",
      words: preview.fee.amount_minor ? `A driver is on the way already. Canceling costs ${money(preview.fee)}.` : "It is free.",
      action: "Cancel the ride",
      danger: true,
    });
    if (agreed) follow(await api.post(`/v1/rides/${id}/cancel`, { fee_consent_token: preview.fee_consent_token }));
  } catch (error) {
    if (journey.ride?.id === id) showRide(problem(error));
    else toast(error.message, "bad");
  }
  button.disabled = false;
}
