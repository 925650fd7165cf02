/**
 * What is asked: one recording, several, or all of them.
 * A scope is a string, so that it can stand in a history entry: `library`, `media:<id>` or `media:<id>,<id>`.
 * @module scope
 */

import { get } from "./api.js";
import { el, fill } from "./dom.js";
import { failed } from "./say.js";
import { plural } from "./times.js";

/** @param {string[]} ids */
export const scopeOf = (ids) => (ids.length ? `media:${[...ids].sort().join(",")}` : "library");

/** The recordings asked; null for the whole library. @param {string} scope @returns {string[] | null} */
export const idsOf = (scope) => (scope.startsWith("media:") ? scope.slice(6).split(",") : null);

/**
 * What a scope is called.
 * @param {string} scope
 * @param {string | null} here the recording that is open
 */
export function nameOf(scope, here) {
  const ids = idsOf(scope);
  if (!ids) return "Whole library";
  if (ids.length === 1) return ids[0] === here ? "This recording" : "One recording";
  return `${ids.length} recordings`;
}

/**
 * Let a person choose what to ask.
 * @param {string} scope
 * @param {string | null} here the recording that is open
 * @returns {Promise<string>} the scope chosen, or the same when left
 */
export async function chooseScope(scope, here) {
  let rows = /** @type {any[]} */ ([]);
  try {
    rows = (await get("/api/v1/library")).media;
  } catch (error) {
    failed(error);
    return scope;
  }
  const chosen = new Set(idsOf(scope) ?? []);
  const kind = !idsOf(scope) ? "library" : scope === `media:${here}` ? "here" : "some";
  const count = el("span", { class: "soft", "aria-live": "polite" });
  const take = el("button", { value: "take", class: "primary" }, "Ask these");
  const tell = () => {
    fill(count, plural(chosen.size, "recording"), " chosen");
    // None would be taken for all.
    take.disabled = form.querySelector("input[name=scope]:checked")?.value === "some" && chosen.size === 0;
  };
  const radio = (/** @type {string} */ value, /** @type {string} */ label) => el("label", { class: "choice" },
    el("input", { type: "radio", name: "scope", value, checked: kind === value }), el("span", {}, label));
  const list = el("ul", { class: "choices" }, rows.map((row) => el("li", {}, el("label", { class: "choice" },
    el("input", {
      type: "checkbox", checked: chosen.has(row.id), on: {
        change: (/** @type {any} */ e) => {
          if (e.target.checked) chosen.add(row.id);
          else chosen.delete(row.id);
          form.querySelector("input[value=some]").checked = true;
        },
      },
    }), el("span", {}, row.title)))));
  const form = el("form", { method: "dialog" },
    el("h2", { id: "scope-title" }, "What do you want to ask?"),
    el("div", { role: "radiogroup", "aria-labelledby": "scope-title" },
      here && radio("here", "This recording"), radio("library", `The whole library, ${plural(rows.length, "recording")}`),
      radio("some", "These recordings")),
    list,
    el("div", { class: "row end" }, count,
      // Not to be what Enter presses.
      el("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel"), take));
  form.addEventListener("change", tell);
  tell();
  const dialog = el("dialog", { class: "scope-dialog", "aria-labelledby": "scope-title" }, form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const kindNow = form.querySelector("input[name=scope]:checked")?.value;
      dialog.remove();
      if (dialog.returnValue !== "take") resolve(scope);
      else if (kindNow === "here") resolve(scopeOf([/** @type {string} */ (here)]));
      else resolve(kindNow === "some" ? scopeOf([...chosen]) : "library");
    });
    dialog.showModal();
  });
}
