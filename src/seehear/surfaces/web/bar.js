/**
 * The bar on top: where one is, searching everything, adding, help.
 * @module bar
 */

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { showKeys } from "./keys.js";

/** Fill the bar. Views listen to `input` of `#search` and to clicks on `#add`. */
export function bar() {
  const search = el("input", {
    id: "search", type: "search", placeholder: "Search everything", autocomplete: "off",
    spellcheck: "false", "aria-label": "Search everything said and shown", enterkeyhint: "search", maxlength: "500",
  });
  fill(/** @type {Element} */ (document.getElementById("bar")),
    el("a", { class: "brand", href: "/", "aria-label": "seehear, to the library" },
      icon("mark"), el("span", { class: "brand-name" }, "seehear")),
    el("form", { class: "search", role: "search", on: { submit: (/** @type {Event} */ e) => e.preventDefault() } },
      icon("search"), search, el("kbd", { "aria-hidden": "true" }, "/")),
    el("button", { id: "add", type: "button", class: "small", "aria-label": "Add recordings" }, icon("plus"), el("span", {}, "Add")),
    el("button", { type: "button", class: "bare help", "aria-label": "Keys and help", title: "Keys and help (?)",
      on: { click: showKeys } }, icon("help")));
}
