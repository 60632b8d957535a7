/** Signing in by phone and one-time code. */

import { brand, fill, h } from "./dom.js";
import { themeButton } from "./theme.js";
import { deployment, deviceId } from "./session.js";

/**
 * Show the gate until somebody is in.
 * @param {HTMLElement} root
 * @param {{api: import("./api.js").Api, title: string, words: string, phone?: string, note?: string, roles: [string, string][], withToken?: boolean}} options
 * @returns {Promise<void>}
 */
export function signIn(root, { api, title, words, phone = "", note, roles, withToken = false }) {
  return new Promise((resolve) => {
    const status = h("div", { role: "alert" });
    const card = h("div", { class: "card stack" });
    fill(root, h("main", { class: "gate" }, card));

    const tell = (text, tone = "bad") => fill(status, text && h("p", { class: `notice ${tone}` }, text));
    const head = (text) => [
      h("div", { class: "row between" }, brand(), themeButton()),
      h("div", { class: "stack tight" }, h("h1", {}, title), h("p", { class: "soft" }, text)),
    ];

    function done() {
      resolve();
    }

    function askForPhone() {
      const number = h("input", {
        id: "phone",
        type: "tel",
        name: "phone",
        autocomplete: "tel",
        required: true,
        pattern: "\\+[1-9][0-9 ]{6,18}",
        value: phone,
        placeholder: "+1 415 555 0100",
      });
      const role = h("select", { id: "role", name: "role" }, roles.map(([value, text]) => h("option", { value }, text)));
      const form = h(
        "form",
        {
          class: "stack",
          on: {
            submit: (event) => {
              event.preventDefault();
              sendCode(number.value.replaceAll(" ", ""), role.value || roles[0][0], form.querySelector(".primary"));
            },
          },
        },
        h("div", { class: "field" }, h("label", { for: "phone" }, "Phone number, with its country"), number),
        roles.length > 1 && h("div", { class: "field" }, h("label", { for: "role" }, "Sign in as"), role),
        h("button", { class: "button primary wide" }, "Send me a code"),
      );
      fill(card, head(words), status, form, withToken && tokenForm());
      if (!matchMedia("(pointer: coarse)").matches) number.focus();
    }

    async function sendCode(number, role, button) {
      tell("");
      button.disabled = true;
      try {
        const answer = await api.post("/v1/auth/otp", { phone_number: number, device_id: deviceId() });
        askForCode(number, role, answer.next_request_at);
      } catch (error) {
        button.disabled = false;
        tell(error.message);
      }
    }

    function askForCode(number, role, nextAt) {
      phone = number;
      const code = h("input", {
        id: "code",
        class: "code",
        name: "code",
        inputmode: "numeric",
        autocomplete: "one-time-code",
        pattern: "[0-9]{6}",
        maxlength: "6",
        required: true,
      });
      const again = h("button", { class: "button plain small", type: "button" }, "Send another code");
      const seconds = Math.max(0, (new Date(nextAt) - Date.now()) / 1000);
      again.disabled = seconds > 0;
      setTimeout(() => (again.disabled = false), seconds * 1000);
      again.addEventListener("click", () => sendCode(number, role, again));
      const form = h(
        "form",
        { class: "stack" },
        h("div", { class: "field" }, h("label", { for: "code" }, `The six digits sent to ${number}`), code),
        deployment.sandbox &&
          h(
            "p",
            { class: "notice" },
            h("span", {}, "No phone is needed here: ", h("a", { href: deployment.sandbox, target: "jitney-sandbox", rel: "noopener" }, "read the text message in the sandbox"), "."),
          ),
        h("button", { class: "button primary wide" }, "Sign in"),
        h(
          "div",
          { class: "row between" },
          h("button", { class: "button plain small", type: "button", on: { click: () => (tell(""), askForPhone()) } }, "Another number"),
          again,
        ),
      );
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        tell("");
        const button = form.querySelector(".primary");
        button.disabled = true;
        try {
          const body = { phone_number: number, code: code.value, role, device_id: deviceId() };
          api.session.begin(await api.post("/v1/auth/otp/verify", body));
          done();
        } catch (error) {
          button.disabled = false;
          code.select();
          tell(error.message);
        }
      });
      code.addEventListener("input", () => {
        // Whoever types on while the code is looked at has it looked at once.
        if (/^\d{6}$/.test(code.value) && !form.querySelector(".primary").disabled) form.requestSubmit();
      });
      fill(card, head("We sent you a code. It counts for five minutes."), status, form);
      code.focus();
    }

    function tokenForm() {
      const token = h("input", { id: "token", name: "token", autocomplete: "off", required: true, spellcheck: "false" });
      const form = h(
        "form",
        { class: "stack" },
        h("div", { class: "field" }, h("label", { for: "token" }, "Access token"), token, h("span", { class: "hint" }, "On the machine of the stack ", h("code", { class: "mono" }, "jitney token --role operator"), " prints one, and ", h("code", { class: "mono" }, "jitney console"), " opens this page with it.")),
        h("button", { class: "button" }, "Use this token"),
      );
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        try {
          api.session.beginWithToken(token.value);
          done();
        } catch (error) {
          tell(error.message);
        }
      });
      return h("details", { class: "stack" }, h("summary", {}, "Sign in with a token instead"), form);
    }

    askForPhone();
    if (note) tell(note, "warn");
  });
}
