/** Elements made by hand: small enough to need no library. Text is always text, so nothing that was said becomes markup. */

import { typedPlace } from "./format.js";

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any>} [props] `on` takes handlers, `data` a dataset, the rest are attributes; true and false
 *   set and leave out.
 * @param {...any} children elements, text, or lists of them; null and false are left out
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child);
  }
}

/** Put these children in place of all that an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Put these children in place of all that an element holds; what of the same id or key had the focus has it again. */
export function replace(element, ...children) {
  const active = element.contains(document.activeElement) ? document.activeElement : null;
  const [id, key] = [active?.id, active?.dataset.key];
  fill(element, ...children);
  if (id) element.querySelector(`#${CSS.escape(id)}`)?.focus();
  else if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  return element;
}

/** Put these children in place only where they differ, so that focus, selection and announcements are left alone. */
export function refill(element, ...children) {
  const next = element.cloneNode(false);
  append(next, children);
  return next.innerHTML === element.innerHTML ? element : replace(element, ...next.childNodes);
}

/**
 * Make these children of all that an element holds, and keep each element that stays, by its key or else its place: what
 * is pressed just now, or has the focus, goes on being there. The children's events are to be heard by the element.
 */
export function update(element, ...children) {
  const active = document.activeElement;
  const next = element.cloneNode(false);
  append(next, children);
  become(element, next);
  // What changed its place among its neighbors lost the focus on the way.
  if (active !== document.activeElement && element.contains(active)) active.focus();
  return element;
}

const keyOf = (node) => node?.dataset?.key;
const isLike = (one, other) => one !== undefined && one.nodeName === other.nodeName && keyOf(one) === keyOf(other);

function become(element, next) {
  if (element.outerHTML === undefined || next.outerHTML === undefined) {
    if (element.textContent !== next.textContent) element.textContent = next.textContent;
    return;
  }
  if (element.outerHTML === next.outerHTML) return;
  for (const name of element.getAttributeNames()) if (!next.hasAttribute(name)) element.removeAttribute(name);
  for (const name of next.getAttributeNames()) if (element.getAttribute(name) !== next.getAttribute(name)) element.setAttribute(name, next.getAttribute(name));
  const wanted = [...next.childNodes];
  const keys = new Set(wanted.map(keyOf));
  for (const old of [...element.childNodes]) if (keyOf(old) !== undefined && !keys.has(keyOf(old))) old.remove();
  wanted.forEach((want, index) => {
    const here = element.childNodes[index];
    const old = isLike(here, want) || keyOf(want) === undefined ? here : [...element.childNodes].slice(index).find((each) => isLike(each, want));
    if (!isLike(old, want)) element.insertBefore(want, here ?? null);
    else {
      if (old !== here) element.insertBefore(old, here);
      become(old, want);
    }
  });
  for (const old of [...element.childNodes].slice(wanted.length)) old.remove();
}

/** A field for `latitude, longitude`; a form with another text in it is not sent. */
export function placeInput(props) {
  const input = h("input", { required: true, autocomplete: "off", spellcheck: "false", ...props });
  input.addEventListener("input", () => input.setCustomValidity(!input.value || typedPlace(input.value) ? "" : "Latitude, longitude: such as 37.7880, -122.4075"));
  return input;
}

const ICONS = {
  map: "M9 4 3 6.5v13L9 17l6 3 6-2.5v-13L15 7zM9 4v13M15 7v13",
  rides: "M5 17h14M6 17v2M18 17v2M4.5 17v-4l2-5.5A2 2 0 0 1 8.4 6h7.2a2 2 0 0 1 1.9 1.5l2 5.5v4zM4.5 12.5h15M8 15h.01M16 15h.01",
  pulse: "M3 12h4l2.5-7 5 14 2.5-7h4",
  money: "M3 7h18v10H3zM12 14.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4M6.5 12h.01M17.5 12h.01",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20c.5-3.6 3-5.5 6.5-5.5s6 1.9 6.5 5.5M16 4.4a3.5 3.5 0 0 1 0 6.2M18 14.8c2 .7 3.2 2.4 3.5 5.2",
  letters: "M3.5 6h17v12h-17zM4 6.5l8 6.5 8-6.5",
  speech: "M4 5h16v11H11l-4.5 4v-4H4zM8 9.2h8M8 12.2h5",
  ticket: "M3.5 7h17v3.2a1.9 1.9 0 0 0 0 3.6V17h-17v-3.2a1.9 1.9 0 0 0 0-3.6zM14 7v2M14 11v2M14 15v2",
  phone: "M6.5 3.5h3l1.5 4-2 1.5a11 11 0 0 0 6 6l1.5-2 4 1.5v3a2 2 0 0 1-2.2 2A16.5 16.5 0 0 1 4.5 5.7a2 2 0 0 1 2-2.2",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M20 14.5A8.3 8.3 0 0 1 9.5 4a8.3 8.3 0 1 0 10.5 10.5",
  auto: "M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17",
  leave: "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
  back: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  star: "M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8z",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 7v5l3.5 2",
  pin: "M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.8 12 21 12 21M12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
  filter: "M4 6h16M7 12h10M10 18h4",
};
const SVG = "http://www.w3.org/2000/svg";

/** Draw an icon; it is decoration, what it stands for is told beside it or by its button's label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** The sign of Jitney beside its name. */
export function brand(note, href = "/console") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("aria-hidden", "true");
  const tile = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ width: 32, height: 32, rx: 9, class: "tile" })) tile.setAttribute(name, value);
  const sign = document.createElementNS(SVG, "path");
  sign.setAttribute("class", "sign");
  sign.setAttribute("d", "M20 8v10.5a5 5 0 0 1-9.6 1.8M8.5 8h8");
  svg.append(tile, sign);
  return h("a", { class: "brand", href, "aria-label": note ? null : "Jitney" }, svg, h("span", {}, "Jitney"), note && " ", note && h("span", { class: "soft brand-note" }, note));
}

const TOAST_MILLISECONDS = 6_000;
const TOAST_OF_TROUBLE_MILLISECONDS = 30_000;
const TOASTS_AT_ONCE = 4;
// There from the begin: assistive technology tells only what changes in a place that it knows.
const toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
document.body.append(toasts);

/** Tell something for some seconds, and what went wrong for longer; assistive technology is told as well. */
export function toast(text, tone = "good") {
  const isTrouble = tone === "bad";
  const notice = h("div", { class: `notice ${tone}` }, h("span", { class: "grow" }, text));
  if (isTrouble) notice.append(h("button", { class: "icon-button", type: "button", "aria-label": "Close", on: { click: () => notice.remove() } }, icon("close")));
  toasts.append(notice);
  while (toasts.children.length > TOASTS_AT_ONCE) toasts.firstChild.remove();
  setTimeout(() => notice.remove(), isTrouble ? TOAST_OF_TROUBLE_MILLISECONDS : TOAST_MILLISECONDS);
}

/** A notice of what went wrong, in the service's own words. */
export function problem(error, again) {
  return h(
    "div",
    { class: "notice bad", role: "alert" },
    h("div", { class: "grow" }, h("strong", {}, error.title ?? "That did not work"), h("br"), error.message),
    again && h("button", { class: "button small", type: "button", on: { click: again } }, "Try again"),
  );
}

/** Nothing to show, and what that means. */
export function empty(title, words) {
  return h("div", { class: "empty" }, h("strong", {}, title), words && h("span", {}, words));
}

/** Ask before something that cannot be taken back. Resolves to the form's values, or null. */
export function ask({ title, words, action, danger = false, fields = [] }) {
  return new Promise((resolve) => {
    const form = h("form", { class: "stack", method: "dialog" });
    const dialog = h("dialog", { "aria-labelledby": "ask-title" }, form);
    append(form, [
      h("h2", { id: "ask-title" }, title),
      words && h("p", { class: "soft" }, words),
      fields.map(({ name, label, hint, ...props }) =>
        h(
          "div",
          { class: "field" },
          h("label", { for: `ask-${name}` }, label),
          props.options
            ? h("select", { id: `ask-${name}`, name }, props.options.map(([value, text]) => h("option", { value }, text)))
            : h("input", { id: `ask-${name}`, name, ...props }),
          hint && h("span", { class: "hint" }, hint),
        ),
      ),
      h(
        "div",
        { class: "row between" },
        h("button", { class: "button plain", type: "button", on: { click: () => dialog.close() } }, "Back"),
        h("button", { class: `button ${danger ? "danger" : "primary"}`, value: "yes" }, action),
      ),
    ]);
    // Who goes to another view asks for nothing any more.
    const leave = () => dialog.close();
    addEventListener("hashchange", leave);
    dialog.addEventListener("close", () => {
      removeEventListener("hashchange", leave);
      const given = dialog.returnValue === "yes" ? Object.fromEntries(new FormData(form)) : null;
      dialog.remove();
      resolve(given);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
