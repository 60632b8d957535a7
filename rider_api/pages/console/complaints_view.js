/** Complaints: what riders say was wrong with rides, and what is answered. A refund goes by payment, as the rider is told. */

import { ask, fill, h } from "../lib/dom.js";
import { money, shortId, time, typedAmount, words } from "../lib/format.js";
import { act, amountField, badge, listTable, pageHead, segments } from "./parts.js";

const STATES = [["open", "To decide"], ["refund_pending", "On the way"], ["refunded", "Refunded"], ["rejected", "Rejected"]];
const NONE = { open: ["Nobody waits", "What riders complain of appears here."] };
const ANSWER = { name: "answer", label: "What the rider is told", maxlength: "500" };

export function mountComplaints(root, { api, may }) {
  let chosen = "open";
  const decides = may("operate_money", true);
  const below = h("div", { class: "card flush" });
  const choice = segments("Which complaints", STATES, chosen, (value) => {
    chosen = value;
    show();
  });
  fill(root, h("div", { class: "page" }, pageHead("Complaints", "What was wrong with a ride, as its rider says. They are told what you decide"), choice, below));

  function show() {
    const mine = chosen;
    const table = listTable({
      label: "Complaints",
      none: NONE[mine] ?? ["None here", ""],
      load: (cursor) => api.get("/v1/operator/complaints", { cursor, state: mine }),
      columns: [
        { title: "Raised", cell: (item) => h("span", { class: "num" }, time(item.created_at)) },
        { title: "Ride", cell: (item) => h("a", { href: `#/ride/${item.ride_id}`, class: "mono", title: item.ride_id }, shortId(item.ride_id)) },
        { title: "What was wrong", cell: (item) => h("div", { class: "stack tight" }, h("strong", {}, words(item.reason)), item.words && h("span", { class: "told" }, item.words)) },
        { title: "Where it stands", cell: stands },
        { title: "", cell: (item) => decides && item.state === "open" && h("div", { class: "row" }, button(item, "Refund", "primary", refund), button(item, "Say no", "", reject)) },
      ],
    });
    fill(below, table);

    const button = (item, text, look, decide) =>
      h("button", { class: `button small ${look}`, type: "button", "aria-label": `${text}: ${words(item.reason)}, ride ${shortId(item.ride_id)}`, on: { click: (event) => decide(item, event.currentTarget) } }, text);

    async function refund(item, pressed) {
      const ride = await act(pressed, () => api.get(`/v1/operator/rides/${item.ride_id}`));
      if (!ride) return;
      const code = ride.fare.total.currency_code;
      const given = await ask({
        title: "Give money back?",
        words: `The ride cost ${money(ride.fare.total)}. Leave the amount empty to give back all that is left of it.`,
        action: "Refund",
        fields: [
          amountField("amount", `Amount in ${code}`, code),
          { name: "borne_by", label: "Borne by", options: [["proportional", "All who had a share of it"], ["platform", "The platform"]] },
          ANSWER,
        ],
      });
      if (!given) return;
      const body = () => ({ borne_by: given.borne_by, answer: given.answer, ...typedAmount(given.amount, code) });
      await act(pressed, () => api.post(`/v1/operator/complaints/${item.id}/refund`, body()), "The refund is on its way, and the rider is told.");
      table.again();
    }

    async function reject(item, pressed) {
      const given = await ask({ title: "Give nothing back?", words: "The rider is told why, and may say something else.", action: "Say no", danger: true, fields: [{ ...ANSWER, required: true }] });
      if (!given) return;
      await act(pressed, () => api.post(`/v1/operator/complaints/${item.id}/reject`, { answer: given.answer }), "The rider is told.");
      table.again();
    }
  }

  show();
  return () => {};
}

const stands = (item) =>
  h(
    "div",
    { class: "stack tight" },
    h("span", { class: "row" }, badge(item.state), item.refund_amount && money(item.refund_amount), item.refusal && h("span", { class: "badge bad" }, `Refund refused: ${words(item.refusal)}`)),
    item.answer && h("span", { class: "told soft" }, item.answer),
  );
