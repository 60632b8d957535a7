/** Promotions: what codes take off fares, how often, and what that came to. Terms never change; a promotion ends. */

import { ask, fill, h } from "../lib/dom.js";
import { count, money, time, typedAmount, words } from "../lib/format.js";
import { act, badge, listTable, pageHead } from "./parts.js";

const DAY_MILLISECONDS = 86_400_000;
const WEEKS = 4;
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function mountPromotions(root, { api, may }) {
  const changes = may("operate_money", true);
  const make = h("button", { class: "button primary", type: "button", on: { click: (event) => create(event.currentTarget) } }, "New promotion");
  const table = listTable({
    label: "Promotions",
    none: ["No promotions yet", "What is made appears here; riders redeem it by its code."],
    load: (cursor) => api.get("/v1/operator/promotions", { cursor }),
    columns: [
      { title: "Code", cell: (item) => h("strong", { class: "mono whole" }, item.code) },
      { title: "Takes off", cell: (item) => h("div", { class: "stack tight" }, h("span", { class: "whole" }, off(item)), h("span", { class: "soft" }, whose(item))) },
      { title: "From", cell: (item) => h("span", { class: "num" }, time(item.starts_at)) },
      { title: "Until", cell: (item) => h("span", { class: "num" }, time(item.stopped_at ?? item.ends_at)) },
      { title: "State", cell: (item) => badge(item.state) },
      { title: "Redeemed", num: true, cell: (item) => (item.redemption_limit === null ? count(item.redemption_count) : `${count(item.redemption_count)} of ${count(item.redemption_limit)}`) },
      { title: "Rides", num: true, cell: (item) => count(item.use_count) },
      { title: "Taken off so far", num: true, cell: (item) => money(item.taken_off) },
      { title: "", cell: (item) => changes && item.state !== "ended" && h("button", { class: "button small", type: "button", "aria-label": `End ${item.code}`, on: { click: (event) => end(item, event.currentTarget) } }, "End") },
    ],
  });
  fill(root, h("div", { class: "page" }, pageHead("Promotions", "The platform bears what they take off", changes && make), h("div", { class: "card flush" }, table)));

  async function create(pressed) {
    const given = await ask({
      title: "New promotion",
      words: "Its terms never change afterwards. Say either a part or an amount that is taken off.",
      action: "Make it",
      fields: [
        { name: "code", label: "Code", required: true, pattern: "[A-Za-z0-9\\-]{4,24}", title: "4 to 24 letters, digits and hyphens", autocomplete: "off" },
        { name: "currency", label: "Currency", required: true, pattern: "[A-Z]{3}", title: "Such as USD", value: "USD" },
        { name: "percent", label: "Percent off", type: "number", min: "0", max: "100", step: "0.01" },
        { name: "amount", label: "Or an amount off", inputmode: "decimal", pattern: "[0-9]+([.][0-9]+)?" },
        { name: "most", label: "At most off a ride", inputmode: "decimal", pattern: "[0-9]+([.][0-9]+)?" },
        { name: "ends", label: "Until the end of", type: "date", required: true, hint: `By the clock here: ${ZONE}`, value: dayOf(Date.now() + 7 * WEEKS * DAY_MILLISECONDS) },
        { name: "uses", label: "Rides for each rider", type: "number", min: "1", max: "100", required: true, value: "1" },
        { name: "limit", label: "How many riders may redeem it", type: "number", min: "1", hint: "Empty for all" },
        { name: "first", label: "For whom", options: [["", "Everybody"], ["yes", "Who has not ridden yet"]] },
        { name: "note", label: "Note, for the record", maxlength: "500" },
      ],
    });
    if (!given) return;
    const code = given.currency;
    const minor = (text) => typedAmount(text, code).amount?.amount_minor ?? 0;
    const body = () => ({
      code: given.code,
      currency_code: code,
      percent_off_basis_points: Math.round(Number(given.percent || 0) * 100),
      amount_off_minor: minor(given.amount),
      most_off_minor: minor(given.most),
      ends_at: new Date(`${given.ends}T23:59:59`).toISOString(),
      uses_per_rider: Number(given.uses),
      redemption_limit: Number(given.limit || 0),
      first_ride_only: given.first === "yes",
      note: given.note,
    });
    if (await act(pressed, () => api.post("/v1/operator/promotions", body()), `${given.code.toUpperCase()} may be redeemed.`)) table.again();
  }

  async function end(item, pressed) {
    const given = await ask({ title: `End ${item.code}?`, words: "Nobody redeems it or is quoted by it any more. Quotes and rides that have it keep it.", action: "End it", danger: true, fields: [{ name: "note", label: "Why, for the record", maxlength: "500" }] });
    if (!given) return;
    await act(pressed, () => api.post(`/v1/operator/promotions/${item.id}/end`, { note: given.note }), `${item.code} has ended.`);
    table.again();
  }

  return () => {};
}

function off(item) {
  const part = item.amount_off ? money(item.amount_off) : `${item.percent_off_basis_points / 100} %`;
  return item.most_off ? `${part}, at most ${money(item.most_off)}` : part;
}

function whose(item) {
  const rides = item.uses_per_rider === 1 ? "one ride each" : `${item.uses_per_rider} rides each`;
  const what = [item.products.map(words).join(", "), item.city && words(item.city), item.first_ride_only && "first rides"].filter(Boolean);
  return [rides, ...what].join(" · ");
}

/** A day as a date field has it, by the clock of who looks. */
function dayOf(milliseconds) {
  const date = new Date(milliseconds);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}
