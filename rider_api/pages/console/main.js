/** The console: who signs in sees what their role may do. What they may not, the services refuse in any case. */

import { Api } from "../lib/api.js";
import { brand, fill, h, icon, problem } from "../lib/dom.js";
import { Session } from "../lib/session.js";
import { signIn } from "../lib/signin.js";
import { themeButton } from "../lib/theme.js";
import { mayOf } from "./roles.js";
import { VIEWS } from "./views.js";

const root = document.getElementById("root");
const session = new Session("console");
const api = new Api(session);
session.onEnd = (why) => {
  sessionStorage.setItem("jitney.why", why ?? "");
  location.reload();
};

takeTokenOfAddress();
// Also while somebody stands at the gate: a fragment alone loads no page anew.
addEventListener("hashchange", () => takeTokenOfAddress() && location.reload());
if (!session.signedIn) {
  const note = sessionStorage.getItem("jitney.why");
  sessionStorage.removeItem("jitney.why");
  await signIn(root, {
    api,
    title: "Console",
    words: "For the people who run the service. An admin grants the role to your phone number.",
    note,
    roles: [["operator", "Operator"], ["support", "Support"], ["admin", "Admin"]],
    withToken: true,
  });
}

const may = mayOf(session.role);
const shown = Object.entries(VIEWS).filter(([, view]) => may(view.area) && !view.hidden);
const main = h("main", { class: "view", id: "view", tabindex: "-1" });
const links = shown.map(([name, view]) => h("a", { href: `#/${name}`, data: { name } }, icon(view.icon), view.title));
const leave = h("button", { class: "icon-button", type: "button", "aria-label": "Sign out", title: `Sign out (${session.role})` }, icon("leave"));
leave.addEventListener("click", async () => {
  leave.disabled = true;
  if (session.value.refresh_token) await api.post("/v1/auth/logout").catch(() => {});
  if (session.signedIn) session.end("");
});
fill(
  root,
  h(
    "div",
    { class: "shell" },
    h("header", { class: "rail" }, brand(null, "#/"), h("nav", { "aria-label": "Views" }, links), h("div", { class: "foot" }, themeButton(), leave)),
    main,
  ),
);

let unmount = () => {};
let mounting = 0;

async function go() {
  const [name = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  const view = VIEWS[name] ?? VIEWS[shown[0]?.[0]];
  const turn = ++mounting;
  unmount();
  unmount = () => {};
  for (const link of links) {
    if (link.dataset.name === (view?.under ?? name) || (!VIEWS[name] && link === links[0])) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  // On a small screen the rail is scrolled sideways.
  links.find((link) => link.hasAttribute("aria-current"))?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (!view || !may(view.area)) {
    fill(main, h("div", { class: "page" }, h("h1", {}, "Nothing to see"), h("p", { class: "soft" }, `The role ${session.role} may not look at this.`)));
    return;
  }
  document.title = `${view.title} · Jitney`;
  main.replaceChildren();
  main.scrollTop = 0;
  let done;
  try {
    done = await view.mount(main, { api, may, argument: rest.join("/") });
  } catch (error) {
    if (turn === mounting) fill(main, h("div", { class: "page" }, problem(error, go)));
    return;
  }
  if (turn === mounting) unmount = done ?? (() => {});
  else done?.();
}

/** A token handed over by `jitney console`: taken out of the address at once, so that it is in no history. */
function takeTokenOfAddress() {
  const given = /^#token=([\w.-]+)$/.exec(location.hash);
  if (!given) return false;
  history.replaceState(null, "", location.pathname);
  try {
    session.beginWithToken(given[1]);
  } catch (error) {
    sessionStorage.setItem("jitney.why", error.message);
  }
  return true;
}

addEventListener("hashchange", () => {
  go();
  // At once: whoever types in the view before its map is drawn goes on typing.
  main.focus();
});
go();
