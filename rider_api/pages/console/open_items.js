/** Open items: what the PSP's list and the ledger do not agree on, and what is done about it (docs/runbooks/open-items.md). */

import { ask, h } from "../lib/dom.js";
import { money, time, words } from "../lib/format.js";
import { resolutions } from "./item_resolutions.js";
import { act, badge, listTable } from "./parts.js";

/** The list; `onResolved` is called after each change. */
export function openItems({ api, may, onResolved }) {
  const table = listTable({
    label: "Open items",
    none: ["Nothing is open", "Ledger and PSP agree on all that both have had time to tell."],
    load: (cursor) => api.get("/v1/operator/reconciliation-items", { cursor }),
    columns: [
      { title: "When", cell: (item) => h("span", { class: "num" }, time(item.opened_at)) },
      { title: "Kind", cell: (item) => words(item.kind) },
      { title: "What", cell: (item) => h("div", { class: "stack tight" }, h("span", {}, what(item)), item.note && h("span", { class: "told soft" }, item.note)) },
      { title: "State", cell: (item) => badge(item.status) },
      { title: "Amount", num: true, cell: (item) => money(item.amount) },
      {
        title: "",
        cell: (item) =>
          may("operate_money", true) &&
          h("button", { class: "button small", type: "button", "aria-label": `Resolve: ${words(item.kind)}, ${what(item)}`, on: { click: (event) => resolve(item, event.currentTarget) } }, "Resolve"),
      },
    ],
  });

  async function resolve(item, pressed) {
    const given = await ask({
      title: `Resolve ${money(item.amount)}?`,
      words: "What the PSP says less what the ledger says. An item closes by itself when both come to agree, so look first whether one is only late.",
      action: "Resolve",
      fields: [
        { name: "how", label: "What is done about it", options: resolutions(item) },
        { name: "note", label: "Why, for whoever audits it", required: true, maxlength: "500" },
      ],
    });
    if (!given) return;
    const [resolution, account_kind = ""] = given.how.split(":");
    // Decided on this amount: if a run has found another one since, nothing is done.
    const body = { resolution, account_kind, note: given.note, seen_amount: item.amount };
    const done = resolution === "suspense" ? "The difference is in suspense, and the item stays." : "The item is closed.";
    await act(pressed, () => api.post(`/v1/operator/reconciliation-items/${item.id}/resolve`, body), done);
    table.again();
    onResolved();
  }

  return table;
}

const what = (item) => item.detail || item.reference;
