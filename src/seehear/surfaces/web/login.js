/**
 * The form for the token, where the server wants one.
 * @module login
 */

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { whisper } from "./say.js";

let open = false;

/**
 * Ask for the token in place of the view; `then` is called once it was right.
 * @param {() => void} then
 */
export function askForToken(then) {
  if (open) return;
  open = true;
  document.title = "Token needed · seehear";
  const wrong = el("p", { class: "bad-text", id: "token-wrong", role: "alert" });
  const input = el("input", {
    id: "token", name: "token", type: "password", required: true, autocomplete: "current-password",
    "aria-describedby": "token-why token-wrong",
  });
  const form = el("form", { class: "login" },
    el("div", { class: "badge" }, icon("key")),
    el("h1", {}, "This library is locked"),
    el("p", { id: "token-why" }, "It asks for the token that ", el("code", {}, "seehear serve"),
      " printed when it was started. This browser remembers it."),
    el("label", { for: "token" }, "Token"), input, wrong,
    el("button", { type: "submit", class: "primary" }, "Open the library"));
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    fill(wrong);
    try {
      await fetch(`/?token=${encodeURIComponent(input.value.trim())}`, { credentials: "same-origin" });
      const answer = await fetch("/api/v1/settings", { credentials: "same-origin" });
      if (answer.status === 401) {
        fill(wrong, "This is not the token.");
        input.select();
        return;
      }
    } catch {
      fill(wrong, "The server is away. Is seehear serve still running?");
      return;
    }
    open = false;
    then();
  });
  const root = /** @type {HTMLElement} */ (document.getElementById("view"));
  root.className = "";
  fill(root, form);
  input.focus();
  whisper("This library asks for its token.");
}
