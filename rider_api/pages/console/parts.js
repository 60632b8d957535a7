/** What the console's views are made of: heads, states, tables that go on, segments. */

import { empty, fill, h, problem, refill, toast } from "../lib/dom.js";
import { digitsOf, tone, words } from "../lib/format.js";

const EMPTY_LOOK_SECONDS = 15;

/** The head of a page. */
export const pageHead = (title, told, ...tools) =>
  h("div", { class: "page-head" }, h("div", { class: "stack tight" }, h("h1", {}, title), told && h("p", { class: "soft" }, told)), h("div", { class: "row" }, tools));

export const badge = (state, text) => h("span", { class: `badge ${tone(state)}` }, text ?? words(state));

export const stat = (value, label) => h("div", { class: "stat" }, h("span", { class: "value" }, value), h("span", { class: "label" }, label));

/** A field of a dialog for an amount that may be left out. Nothing and zero are not the same: zero is refused. */
export function amountField(name, label, code) {
  const digits = digitsOf(code);
  const part = digits ? `([.][0-9]{1,${digits}})?` : "";
  const title = digits ? `Such as 12.${"5".padEnd(digits, "0")}, and more than nothing` : "Such as 12, and more than nothing";
  return { name, label, inputmode: "decimal", autocomplete: "off", pattern: `(?=.*[1-9])[0-9]+${part}`, title };
}

/** One of a few: like radio buttons, without a form. */
export function segments(label, options, chosen, onChoose) {
  const buttons = options.map(([value, text]) =>
    h("button", { type: "button", "aria-pressed": String(value === chosen), on: { click: () => pick(value) } }, text),
  );
  function pick(value) {
    options.forEach(([each], index) => buttons[index].setAttribute("aria-pressed", String(each === value)));
    onChoose(value);
  }
  return h("div", { class: "segments", role: "group", "aria-label": label }, buttons);
}

/**
 * A list of the API as a table, page by page.
 * @param {{label: string, columns: {title: string, cell: (item: any) => any, num?: boolean}[], load: (cursor: string) => Promise<{items: any[], next_cursor: string | null}>, none: [string, string], link?: (item: any) => string}} options
 */
export function listTable({ label, columns, load, none, link }) {
  const body = h("tbody");
  const foot = h("div", {});
  const table = h("table", { "aria-label": label }, h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: column.num && "num" }, column.title)))), body);
  // On a small screen it is scrolled sideways, by the keyboard as well.
  const holder = h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": label }, table, foot);
  let turn = 0;

  async function more(cursor, quietly = false) {
    const mine = turn;
    if (!cursor && !quietly) fill(body, [1, 2, 3].map(() => h("tr", {}, columns.map(() => h("td", {}, h("div", { class: "skeleton" }))))));
    if (!quietly) fill(foot);
    try {
      const page = await load(cursor);
      if (mine !== turn) return;
      if (!cursor) fill(body);
      body.append(...page.items.map(row));
      if (!body.children.length) {
        refill(foot, empty(...none));
        setTimeout(lookOn, EMPTY_LOOK_SECONDS * 1000, mine);
      } else if (page.next_cursor) fill(foot, h("div", { class: "empty" }, h("button", { class: "button small", type: "button", on: { click: () => more(page.next_cursor) } }, "Show more")));
      else fill(foot);
    } catch (error) {
      if (mine !== turn) return;
      if (!cursor) fill(body);
      fill(foot, problem(error, () => more(cursor)));
    }
  }

  /** Whoever waits at an empty list sees what comes. One that holds something does not move below a pointer. */
  function lookOn(mine) {
    if (mine !== turn || !holder.isConnected) return;
    if (document.hidden) setTimeout(lookOn, EMPTY_LOOK_SECONDS * 1000, mine);
    else more("", true);
  }

  function row(item) {
    const address = link?.(item);
    const cells = columns.map((column, index) => {
      const told = column.cell(item);
      // The first cell holds the link itself, so that the keyboard gets there; a click anywhere in the row follows it.
      return h("td", { class: column.num && "num" }, address && index === 0 ? h("a", { href: address }, told) : told);
    });
    const line = h("tr", { class: address && "link" }, cells);
    if (address) {
      line.addEventListener("click", (event) => {
        if (!event.target.closest("a, button")) location.hash = address;
      });
    }
    return line;
  }

  const again = () => {
    turn += 1;
    return more("");
  };
  again();
  return Object.assign(holder, { again });
}

/** Do a change that a button asked for: once at a time, and tell what came of it. */
export async function act(button, work, done) {
  if (button) button.disabled = true;
  try {
    const result = await work();
    if (done) toast(done);
    return result;
  } catch (error) {
    toast(error.message, "bad");
    return undefined;
  } finally {
    if (button) button.disabled = false;
  }
}
