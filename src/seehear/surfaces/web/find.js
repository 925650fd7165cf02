/**
 * Finding words within one recording.
 * @module find
 */

import { debounced, el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { wordRanges } from "./ranges.js";

export class Find {
  /** @param {import("./transcript.js").Transcript} transcript */
  constructor(transcript) {
    this.transcript = transcript;
    /** @type {{line: import("./transcript.js").Line, range: Range}[]} */
    this.hits = [];
    this.at = -1;
    this.input = el("input", { type: "search", id: "find", placeholder: "Find in this recording", "aria-label": "Find in this recording", autocomplete: "off", spellcheck: "false", enterkeyhint: "search" });
    this.count = el("span", { class: "soft count", role: "status" });
    this.back = el("button", { type: "button", class: "bare", "aria-label": "Earlier place", on: { click: () => this.step(-1) } }, icon("up"));
    this.on = el("button", { type: "button", class: "bare", "aria-label": "Later place", on: { click: () => this.step(1) } }, icon("down"));
    this.node = el("div", { class: "find", role: "search" }, icon("search"), this.input, this.count, this.back, this.on);
    this.input.addEventListener("input", debounced(() => this.look(), 80));
    this.input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        this.step(event.shiftKey ? -1 : 1);
      } else if (event.key === "Escape") {
        event.preventDefault();
        this.input.value = "";
        this.look();
        this.transcript.node.focus({ preventScroll: true });
      }
    });
    this.look();
  }

  look() {
    const lower = this.input.value.trim().toLowerCase();
    this.hits = [];
    if (lower) {
      for (const line of this.transcript.lines) {
        for (const range of wordRanges.found(line, lower)) this.hits.push({ line, range });
      }
    }
    wordRanges.set("found", this.hits.map((hit) => hit.range));
    for (const button of [this.back, this.on]) button.hidden = !this.hits.length;
    this.at = -1;
    if (this.hits.length) this.step(1);
    else {
      wordRanges.set("found-now", []);
      fill(this.count, lower ? "not found" : "");
    }
  }

  /** @param {1 | -1} by */
  step(by) {
    if (!this.hits.length) return;
    this.at = (this.at + by + this.hits.length) % this.hits.length;
    const { line, range } = this.hits[this.at];
    this.transcript.follow(false);
    this.transcript.scrollTo(line.node);
    wordRanges.set("found-now", [range]);
    fill(this.count, `${this.at + 1} of ${this.hits.length}`);
  }
}
