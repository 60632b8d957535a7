/** Money: whether the books balance, what the PSP and we disagree on, what waits in clearing, refunds, events that rest. */

import { ask, empty, fill, h, problem, refill } from "../lib/dom.js";
import { count, money, shortId, time, words } from "../lib/format.js";
import { every } from "../lib/stream.js";
import { openItems } from "./open_items.js";
import { act, badge, listTable, pageHead, segments, stat } from "./parts.js";

const LOOK_SECONDS = 10;
const AUDIT_PAGES = 200;
/** Accounts that money only passes through (docs/money.md). */
const CLEARING = new Set(["psp_receivable", "dispute_receivable", "refund_transit", "payout_transit", "suspense"]);
const REVENUE = new Set(["commission", "booking_fee", "subscription"]);

export function mountMoney(root, { api, may }) {
  const health = h("section", { class: "card stats", "aria-label": "Health of the books" }, [1, 2, 3, 4].map(() => h("div", { class: "skeleton" })));
  const accounts = h("tbody", {});
  const clearing = h("dl", { class: "lines" });
  const audited = h("div", { "aria-live": "polite" });
  const below = h("div", {});
  let items = [];
  let more = false;

  const auditButton = h("button", { class: "button small", type: "button", on: { click: () => audit() } }, "Audit the ledger");
  const runButton = h("button", { class: "button small", type: "button", on: { click: () => reconcile() } }, "Compare with the PSP now");
  const lists = { refunds, items: () => openItems({ api, may, onResolved: () => look() }), events: parkedEvents, payouts, disputes };
  let list = "refunds";
  const choice = segments("Which list", [["refunds", "Refunds"], ["items", "Open items"], ["events", "PSP events at rest"], ["payouts", "Payouts"], ["disputes", "Disputes"]], list, (value) => {
    list = value;
    showList();
  });

  fill(
    root,
    h(
      "div",
      { class: "page" },
      pageHead("Money", "The ledger of all rides, refunds and payouts, in double entry", may("operate_money", true) && h("button", { class: "button", type: "button", on: { click: refundByHand } }, "Refund a ride")),
      health,
      h(
        "div",
        { class: "grid wide" },
        h("section", { class: "card flush", "aria-label": "Accounts" }, h("div", { class: "card-head" }, h("h2", {}, "Accounts"), auditButton), audited, h("div", { class: "table-wrap" }, h("table", { "aria-label": "Balances by kind of account" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Account"), h("th", { scope: "col", class: "num" }, "Balance"))), accounts))),
        h("section", { class: "card stack", "aria-label": "Clearing" }, h("div", { class: "card-head" }, h("h2", {}, "Clearing"), may("operate_money", true) && runButton), h("p", { class: "soft small" }, "Money that only passes through. What stays is looked into."), clearing),
      ),
      choice,
      below,
    ),
  );

  const look = every(LOOK_SECONDS, async () => {
    try {
      const [balance, open, runs] = await Promise.all([
        api.get("/v1/operator/ledger/trial-balance"),
        api.get("/v1/operator/reconciliation-items", { limit: 100 }),
        api.get("/v1/operator/reconciliation-runs", { limit: 1 }),
      ]);
      items = open.items;
      more = open.next_cursor !== null;
      tell(balance, runs.items[0]);
    } catch (error) {
      refill(health, problem(error));
    }
  });

  function tell(balance, run) {
    const sums = (kinds) => {
      const by = new Map();
      for (const line of balance.accounts) if (kinds.has(line.account_kind)) by.set(line.balance.currency_code, (by.get(line.balance.currency_code) ?? 0) + line.balance.amount_minor);
      return [...by].map(([code, minor]) => ({ currency_code: code, amount_minor: minor }));
    };
    const balanced = balance.currencies.every((line) => line.sum_minor === 0);
    refill(health, [
      stat(balanced ? h("span", { class: "badge good" }, "Balanced") : h("span", { class: "badge bad" }, "Out of balance"), "all postings sum to zero"),
      stat(count(balance.currencies.reduce((total, line) => total + line.entry_count, 0)), "journal entries"),
      // Revenue is kept on the credit side, which the ledger writes below zero.
      stat(sums(REVENUE).map(({ currency_code, amount_minor }) => money({ currency_code, amount_minor: 0 - amount_minor })).join(" + ") || "–", "revenue of the platform"),
      stat(items.length ? h("span", { class: "badge warn" }, `${count(items.length)}${more ? " or more" : ""}`) : h("span", { class: "badge good" }, "None"), "open items with the PSP"),
    ]);
    refill(accounts, balance.accounts.length ? balance.accounts.map((line) => h("tr", {}, h("td", {}, words(line.account_kind), CLEARING.has(line.account_kind) && h("span", { class: "soft" }, " · clearing")), h("td", { class: "num" }, money(line.balance)))) : h("tr", {}, h("td", { colspan: "2" }, empty("Nothing booked yet", "The first captured ride makes the first entry."))));
    const lines = balance.accounts.filter((line) => CLEARING.has(line.account_kind));
    refill(
      clearing,
      lines.map((line) => h("div", {}, h("dt", {}, words(line.account_kind)), h("dd", {}, money(line.balance)))),
      h("div", {}, h("dt", {}, "Last compared with the PSP"), h("dd", {}, run ? [time(run.ended_at ?? run.started_at), " ", badge(run.status)] : "Not yet")),
    );
  }

  async function audit() {
    await act(auditButton, async () => {
      let [cursor, accountCount, entryCount] = ["", 0, 0];
      const differences = [];
      for (let page = 0; page < AUDIT_PAGES; page += 1) {
        const told = await api.get("/v1/operator/ledger/audit", { cursor });
        accountCount += told.account_count;
        entryCount += told.entry_count;
        differences.push(...told.differences);
        fill(audited, h("p", { class: "soft small card-head" }, `Read ${count(entryCount)} entries of ${count(accountCount)} accounts …`));
        cursor = told.next_cursor;
        if (!cursor) break;
      }
      const read = `${count(accountCount)} accounts, ${count(entryCount)} entries`;
      const whole = `Every balance is the sum of its postings: ${read}.`;
      const part = `Read so far: ${read}, every balance the sum of its postings. There are more: jitney reconcile --audit reads them all.`;
      const told = differences.length ? `${count(differences.length)} differences, the first: ${words(differences[0].kind)}, ${differences[0].detail}` : cursor ? part : whole;
      fill(audited, h("div", { class: "card-head" }, h("p", { class: `notice grow ${differences.length ? "bad" : cursor ? "warn" : "good"}` }, told)));
    });
  }

  async function reconcile() {
    await act(runButton, () => api.post("/v1/operator/reconciliation-runs"), "The comparison has begun.");
    look();
  }

  async function refundByHand() {
    const given = await ask({
      title: "Refund a ride",
      words: "All that is left of the charge is given back. Parts are refunded from the ride's own page.",
      action: "Refund",
      danger: true,
      fields: [
        { name: "ride_id", label: "Ride", placeholder: "ride_…", required: true, pattern: "ride_[0-9a-z]{26}" },
        { name: "reason", label: "Why, for the record", required: true, maxlength: "200" },
      ],
    });
    if (given && (await act(null, () => api.post("/v1/operator/refunds", given), "The refund is on its way."))) showList();
  }

  /* The lists below */

  function showList() {
    fill(below, h("div", { class: "card flush" }, lists[list]()));
  }

  const when = (name) => ({ title: "When", cell: (item) => h("span", { class: "num" }, time(item[name])) });
  const rideLink = { title: "Ride", cell: (item) => (item.ride_id ? h("a", { href: `#/ride/${item.ride_id}`, class: "mono" }, shortId(item.ride_id)) : "–") };
  const state = (name = "status") => ({ title: "State", cell: (item) => badge(item[name]) });
  const amount = { title: "Amount", num: true, cell: (item) => money(item.amount) };

  function refunds() {
    return listTable({
      label: "Refunds",
      none: ["No refunds", "Refunds are made from a ride's page."],
      load: (cursor) => api.get("/v1/operator/refunds", { cursor }),
      columns: [when("created_at"), rideLink, state(), { title: "Why", cell: (item) => item.reason ?? "–" }, { title: "Borne by", cell: (item) => words(item.borne_by) }, amount],
    });
  }

  function parkedEvents() {
    const table = listTable({
      label: "Events of the PSP at rest",
      none: ["No event rests", "All that the PSP told was taken in."],
      load: (cursor) => api.get("/v1/operator/psp-events", { cursor, state: "parked" }),
      columns: [
        when("received_at"),
        { title: "Type", cell: (item) => h("span", { class: "mono" }, item.type) },
        { title: "Tries", num: true, cell: (item) => count(item.tries) },
        { title: "Why", cell: (item) => item.detail ?? "–" },
        {
          title: "",
          cell: (item) =>
            may("operate_money", true) &&
            h(
              "button",
              {
                class: "button small",
                type: "button",
                on: {
                  click: async (event) => {
                    await act(event.currentTarget, () => api.post(`/v1/operator/psp-events/${item.id}/replay`), "The event was taken up again.");
                    table.again();
                  },
                },
              },
              "Replay",
            ),
        },
      ],
    });
    return table;
  }

  function payouts() {
    return listTable({
      label: "Payouts",
      none: ["No payouts", "Drivers are paid by the schedule, or when they ask."],
      load: (cursor) => api.get("/v1/operator/payouts", { cursor }),
      columns: [when("created_at"), { title: "Driver", cell: (item) => h("span", { class: "mono" }, shortId(item.driver_id)) }, state(), { title: "Waits for", cell: (item) => item.waiting_reason ?? item.failure_reason ?? "–" }, amount],
    });
  }

  function disputes() {
    return listTable({
      label: "Disputes",
      none: ["No disputes", "A rider's bank has taken nothing back."],
      load: (cursor) => api.get("/v1/operator/disputes", { cursor }),
      columns: [when("created_at"), rideLink, state(), { title: "Reason", cell: (item) => words(item.reason) }, { title: "Evidence due", cell: (item) => time(item.evidence_due_at) }, amount],
    });
  }

  showList();
  return () => look.stop();
}
