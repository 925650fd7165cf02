/**
 * The keyboard: what each key does, in one place, and the help that tells it.
 * @module keys
 */

import { el } from "./dom.js";

/** @typedef {{keys: string[], shown: string, does: string, run: (event: KeyboardEvent) => void}} Key */

/** @type {Map<string, Key[]>} */
const groups = new Map();

/**
 * Give keys to a view, until the returned function is called.
 * @param {string} title
 * @param {Key[]} keys
 */
export function bind(title, keys) {
  groups.set(title, keys);
  return () => groups.delete(title);
}

/** Tell whether keys typed there are text. @param {EventTarget | null} target */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["radio", "checkbox", "button", "submit"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

/** Tell whether a control under the focus wants this key itself. @param {KeyboardEvent} event */
function isTaken(event) {
  const at = event.target;
  if (!(at instanceof HTMLElement)) return false;
  const presses = event.key === " " && at.closest("button, a[href], summary, input, [role=slider]");
  const moves = event.key.startsWith("Arrow") && at.closest("input, [role=slider], [role=listbox], video, audio");
  return Boolean(presses && !at.matches("[role=slider]")) || Boolean(moves && !at.matches("[role=slider]"));
}

/** Listen to the keyboard; once only. */
export function listenToKeys() {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") || isTyping(event.target) || isTaken(event)) return;
    if (event.key === "?") {
      event.preventDefault();
      showKeys();
      return;
    }
    for (const keys of [...groups.values()].reverse()) {
      const key = keys.find((one) => one.keys.includes(event.key));
      if (!key) continue;
      event.preventDefault();
      key.run(event);
      return;
    }
  });
}

/** Show what each key does. */
export function showKeys() {
  const lists = [...groups].map(([title, keys]) => [
    el("h3", {}, title),
    el("dl", { class: "keys" }, keys.map((key) => [
      el("dt", {}, key.shown.split(" ").map((one) => el("kbd", {}, one))), el("dd", {}, key.does)])
      .flat()),
  ]);
  const everywhere = [el("dt", {}, el("kbd", {}, "?")), el("dd", {}, "this help"),
    el("dt", {}, el("kbd", {}, "Esc")), el("dd", {}, "close, or leave as it was")];
  const dialog = el("dialog", { class: "help-dialog", "aria-labelledby": "keys-title" },
    el("form", { method: "dialog" },
      el("h2", { id: "keys-title", tabindex: "-1", autofocus: true }, "Keys"),
      lists.flat(), el("h3", {}, "Everywhere"), el("dl", { class: "keys" }, everywhere),
      el("p", { class: "hint" }, "Times come from the recording itself, never from a language model. ",
        "What does not rest on something said or shown is not answered."),
      el("div", { class: "row end" }, el("button", { class: "primary" }, "Close"))));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (/** @type {MouseEvent} */ e) => e.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}
