/**
 * Short messages: on screen for a moment, and for people who listen.
 * @module say
 */

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 6000;

/**
 * Tell people who listen, without showing anything.
 * @param {string} text
 */
export function whisper(text) {
  const spoken = document.getElementById("spoken");
  if (!spoken) return;
  fill(spoken);
  // The same text twice would be told once: let the region be empty for a moment.
  setTimeout(() => fill(spoken, text), 60);
}

/**
 * Show a message for a while.
 * @param {string} text
 * @param {{bad?: boolean, hint?: string, more?: Node}} [options]
 */
export function toast(text, { bad = false, hint = "", more } = {}) {
  const close = el("button", { type: "button", class: "bare", "aria-label": "Close this message" }, icon("close"));
  const node = el("div", { class: bad ? "toast bad" : "toast" },
    icon(bad ? "warning" : "check"), el("div", {}, el("p", {}, text), hint && el("p", { class: "hint" }, hint), more), close);
  close.addEventListener("click", () => node.remove());
  document.getElementById("toasts")?.append(node);
  whisper(hint ? `${text} ${hint}` : text);
  if (!more) setTimeout(() => node.remove(), bad ? SHOWN_MS * 2 : SHOWN_MS);
}

/**
 * Show what went wrong, unless somebody stopped it.
 * @param {any} error
 */
export function failed(error) {
  if (error?.name === "AbortError" || error?.status === 401) return;
  toast(error?.message ?? String(error), { bad: true, hint: error?.hint });
}

/**
 * Ask before something is done that cannot be undone.
 * @param {string} title
 * @param {string} text
 * @param {string} yes
 * @returns {Promise<boolean>}
 */
export function confirmed(title, text, yes) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { "aria-labelledby": "confirm-title" },
      el("form", { method: "dialog" },
        el("h2", { id: "confirm-title" }, title), el("p", {}, text),
        el("div", { class: "row end" },
          el("button", { value: "no", autofocus: true }, "Keep it"),
          el("button", { value: "yes", class: "danger" }, yes))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
