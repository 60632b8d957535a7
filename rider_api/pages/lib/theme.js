/** Light, dark, or as the device says; kept on this device. */

import { h, icon } from "./dom.js";

const KEY = "jitney.theme";
const ORDER = ["auto", "light", "dark"];
const WORDS = { auto: "Theme of the device", light: "Light theme", dark: "Dark theme" };
const SIGNS = { auto: "auto", light: "sun", dark: "moon" };
const device = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();

export const chosen = () => (ORDER.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "auto");
export const isDark = () => (chosen() === "auto" ? device.matches : chosen() === "dark");

function apply() {
  if (chosen() === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen();
  document.documentElement.classList.toggle("dark-icons", isDark());
  for (const listener of listeners) listener(isDark());
}

/** Call back when the theme changes; what is returned ends it. */
export function onTheme(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The color of the palette as it is now, as #rrggbb: canvases cannot read the style sheet by themselves. */
export function color(name) {
  const told = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const pair = /^light-dark\((#\w+),\s*(#\w+)\)$/.exec(told);
  return pair ? pair[isDark() ? 2 : 1] : told;
}

/** The switch. */
export function themeButton() {
  const button = h("button", { class: "icon-button", type: "button" });
  const show = () => {
    button.replaceChildren(icon(SIGNS[chosen()]));
    button.setAttribute("aria-label", `${WORDS[chosen()]}. Change theme`);
    button.title = WORDS[chosen()];
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length]);
    apply();
    show();
  });
  show();
  return button;
}

device.addEventListener("change", apply);
apply();
