/** Messages: what became of what people were to be told, addresses that are not written to, and events at rest. */

import { ask, fill, h, problem, refill } from "../lib/dom.js";
import { count, shortId, time, words } from "../lib/format.js";
import { every } from "../lib/stream.js";
import { act, badge, listTable, pageHead, segments, stat } from "./parts.js";

const HOURS = 24;
const LOOK_SECONDS = 60;

export function mountMessages(root, { api, may }) {
  let service = "matching";
  const deliveries = h("section", { class: "card", "aria-label": "Deliveries" }, h("h2", {}, "Told in the last 24 hours"), h("div", { class: "skeleton" }));
  const letters = h("div", {});
  const choice = segments("Whose", [["matching", "Matching"], ["notification", "Notification"]], service, (value) => {
    service = value;
    showLetters();
  });
  const dead = h("section", { class: "card flush", "aria-label": "Dead letters" }, h("div", { class: "card-head" }, h("h2", {}, "Dead letters"), choice), letters);
  const told = h("p", { class: "soft small" }, "Numbers and mailboxes that a provider called dead. Nothing but what concerns security goes there.");
  const addresses = h("section", { class: "card flush", "aria-label": "Suppressed addresses" }, h("div", { class: "card-head" }, h("div", { class: "stack tight" }, h("h2", {}, "Suppressed addresses"), told)), suppressed());
  fill(root, h("div", { class: "page" }, pageHead("Messages", "What people were told, and events that rest"), deliveries, dead, addresses));

  async function tellDeliveries() {
    try {
      const since = new Date(Date.now() - HOURS * 3600_000).toISOString();
      const told = await api.get("/v1/operator/notifications/summary", { since });
      const channels = Object.entries(Object.groupBy(told.deliveries, (item) => item.channel));
      refill(
        deliveries,
        h("h2", {}, "Told in the last 24 hours"),
        h(
          "div",
          { class: "stats" },
          stat(count(told.notification_count), "notifications owed"),
          channels.map(([channel, items]) => h("div", { class: "stat" }, h("span", { class: "value" }, count(items.reduce((total, item) => total + item.count, 0))), h("span", { class: "label" }, words(channel)), h("span", { class: "row" }, items.map((item) => badge(item.state, `${words(item.state)} ${count(item.count)}`))))),
        ),
      );
    } catch (error) {
      refill(deliveries, h("h2", {}, "Told in the last 24 hours"), problem(error, () => looking()));
    }
  }

  function showLetters() {
    const mine = service;
    const table = listTable({
      label: `Events that ${mine} could not take in`,
      none: ["No dead letters", "Every event was taken in."],
      load: (cursor) => api.get(`/v1/operator/dead-letters/${mine}`, { cursor }),
      columns: [
        { title: "Parked", cell: (item) => h("span", { class: "num" }, time(item.parked_at)) },
        { title: "Event", cell: (item) => h("span", { class: "mono" }, item.type) },
        { title: "Of", cell: (item) => h("span", { class: "mono", title: item.aggregate_id }, shortId(item.aggregate_id)) },
        { title: "Tries", num: true, cell: (item) => count(item.attempt_count) },
        { title: "Why", cell: (item) => item.error },
        {
          title: "",
          cell: (item) =>
            may("operate_messages", true) &&
            h(
              "button",
              {
                class: "button small",
                type: "button",
                "aria-label": `Replay ${item.type}`,
                on: {
                  click: async (event) => {
                    await act(event.currentTarget, () => api.post(`/v1/operator/dead-letters/${mine}/${item.event_id}/replay`), "The event was handed over again.");
                    table.again();
                  },
                },
              },
              "Replay",
            ),
        },
      ],
    });
    fill(letters, table);
  }

  function suppressed() {
    const table = listTable({
      label: "Numbers and mailboxes that are not written to",
      none: ["None is suppressed", "No provider has called a number or mailbox dead."],
      load: (cursor) => api.get("/v1/operator/notifications/suppressions", { cursor }),
      columns: [
        { title: "Since", cell: (item) => h("span", { class: "num" }, time(item.suppressed_at)) },
        { title: "Whose", cell: (item) => h("span", { class: "mono", title: item.account_id }, shortId(item.account_id)) },
        { title: "Channel", cell: (item) => words(item.channel) },
        { title: "What was said", cell: (item) => words(item.reason) },
        { title: "By", cell: (item) => item.provider },
        {
          title: "",
          cell: (item) =>
            may("operate_messages", true) &&
            h("button", { class: "button small", type: "button", "aria-label": `Write again: ${words(item.channel)} of ${shortId(item.account_id)}`, on: { click: (event) => lift(item, event.currentTarget) } }, "Write again"),
        },
      ],
    });

    async function lift({ account_id, channel }, pressed) {
      const given = await ask({
        title: "Write there again?",
        words: `${words(channel)} of ${shortId(account_id)}, from the next message on. If the address is dead indeed, that message has it suppressed once more.`,
        action: "Write again",
        fields: [{ name: "reason", label: "Why, for the record", required: true, maxlength: "200" }],
      });
      if (!given) return;
      await act(pressed, () => api.post("/v1/operator/notifications/suppressions/lift", { account_id, channel, reason: given.reason }), "The next message goes there again.");
      table.again();
    }

    return table;
  }

  const looking = every(LOOK_SECONDS, tellDeliveries);
  showLetters();
  return () => looking.stop();
}
