/**
 * The ask box and the conversation under it.
 * @module ask
 */

import { Problem, problemIn, stream } from "./api.js";
import { answered, placesOf, prose } from "./answer.js";
import { addTurn, forget, historyOf, turnsOf } from "./conversations.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { whisper } from "./say.js";
import { chooseScope, idsOf, nameOf } from "./scope.js";

/**
 * @typedef {object} Options
 * @property {string | null} here the recording that is open
 * @property {string} scope
 * @property {string[]} [suggestions]
 * @property {((places: any[], time_s: number) => void) | null} [go]
 * @property {((place: any) => string | null) | null} [picture]
 * @property {((answer: any) => void)} [onAnswer] told each answer that is shown anew
 * @property {((scope: string) => void)} [onScope]
 * @property {string} [title]
 */

let serial = 0;

export class Ask {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.scope = options.scope;
    /** @type {AbortController | null} */
    this.asking = null;
    const id = `question-${++serial}`;
    this.input = el("textarea", { id, rows: "1", maxlength: "2000", autocomplete: "off", enterkeyhint: "send", "aria-label": "Your question" });
    this.scopeName = el("span", {});
    this.scopeButton = el("button", { type: "button", class: "scope", title: "Choose what to ask", on: { click: () => this.choose() } },
      icon("lines"), this.scopeName, icon("down"));
    this.whole = el("button", { type: "button", class: "bare", "aria-label": "Ask the whole library instead", on: { click: () => this.setScope("library") } }, icon("close"));
    this.button = el("button", { type: "submit", class: "primary ask-button" });
    this.fresh = el("button", { type: "button", class: "small bare-text fresh", on: { click: () => this.forget() } }, "New conversation");
    this.form = el("form", { class: "composer" }, this.input,
      el("div", { class: "row" }, this.scopeButton, this.whole, el("span", { class: "grow" }), this.button));
    this.turns = el("div", { class: "turns" });
    this.hints = el("div", { class: "hints" });
    this.node = el("section", { class: "ask", "aria-label": "Ask" },
      options.title && el("h2", {}, options.title), this.form, this.hints, this.turns, this.fresh);
    this.form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      if (this.asking) this.asking.abort();
      else this.ask(this.input.value);
    });
    this.input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        if (!this.asking) this.ask(this.input.value);
      } else if (event.key === "Escape") this.input.blur();
    });
    this.input.addEventListener("input", () => this.grow());
    this.setAsking(null);
    this.setScope(options.scope);
  }

  close() {
    this.asking?.abort();
  }

  focus() {
    this.input.focus();
  }

  grow() {
    this.input.style.setProperty("height", "auto");
    this.input.style.setProperty("height", `${Math.min(160, this.input.scrollHeight)}px`);
  }

  /** @param {AbortController | null} asking */
  setAsking(asking) {
    this.asking = asking;
    fill(this.button, icon(asking ? "stop" : "send"), el("span", {}, asking ? "Stop" : "Ask"));
  }

  async choose() {
    const chosen = await chooseScope(this.scope, this.options.here);
    if (chosen !== this.scope) this.setScope(chosen);
    this.scopeButton.focus();
  }

  /** @param {string} scope */
  setScope(scope) {
    this.asking?.abort();
    this.scope = scope;
    const { here } = this.options;
    const name = nameOf(scope, here);
    fill(this.scopeName, name);
    this.scopeButton.setAttribute("aria-label", `Asking: ${name}. Choose what to ask`);
    this.whole.hidden = Boolean(here) || scope === "library";
    fill(this.turns, turnsOf(scope).map((turn) => this.turn(turn)).reverse());
    this.settle();
    this.options.onScope?.(scope);
  }

  settle() {
    const { here, suggestions = [] } = this.options;
    const begun = this.turns.childElementCount > 0;
    this.input.placeholder = begun ? "Ask a follow-up…" : here ? "Ask a question…" : "When is … explained? What did she say about …?";
    this.fresh.hidden = !begun;
    fill(this.hints, begun ? [] : suggestions.map((text) => el("button", { type: "button", class: "hint-chip", on: { click: () => this.ask(text) } }, text)));
  }

  forget() {
    this.asking?.abort();
    forget(this.scope);
    fill(this.turns);
    this.options.onAnswer?.(null);
    this.settle();
    this.focus();
  }

  setting() {
    const { here, go = null, picture = null } = this.options;
    return { here, scope: this.scope, go, picture };
  }

  /** @param {string} question @param {Node} body */
  frame(question, body) {
    return el("article", { class: "turn" }, el("h3", { class: "question" }, question), body);
  }

  /** @param {import("./conversations.js").Turn} turn */
  turn({ question, answer }) {
    return this.frame(question, answered(answer, this.setting()));
  }

  /** @param {string} text */
  async ask(text) {
    const question = text.trim();
    if (!question) {
      this.focus();
      return;
    }
    this.asking?.abort();
    const asking = new AbortController();
    const { scope } = this;
    this.setAsking(asking);
    this.input.value = "";
    this.grow();
    // On a phone the keyboard would cover the answer.
    if (matchMedia("(hover: none)").matches) this.input.blur();
    const body = el("div", { class: "answer waiting", "aria-busy": "true" }, thinking("Looking through what was said and shown"));
    const node = this.frame(question, body);
    this.turns.prepend(node);
    this.settle();
    whisper("Looking.");
    let moments = /** @type {any[]} */ ([]);
    let said = "";
    let whole = null;
    try {
      const sent = { question, media: idsOf(scope), history: historyOf(scope) };
      for await (const { event, data } of stream("/api/v1/ask", sent, asking.signal)) {
        if (event === "moments") {
          moments = data.moments;
          if (!said) fill(body, thinking(moments.length ? `Reading ${moments.length} moments` : "Thinking"));
        } else if (event === "text") {
          said += data.delta;
          fill(body, prose(said, moments, this.setting()), el("span", { class: "caret", "aria-hidden": "true" }));
        } else if (event === "answer") whole = data;
        else if (event === "problem") throw problemIn(data.status, data);
      }
      if (!whole) throw new Problem(0, "The answer stopped before its end.", "Ask again.");
      addTurn(scope, { question, answer: whole });
      if (this.scope === scope) {
        body.replaceWith(answered(whole, this.setting()));
        this.options.onAnswer?.(whole);
      }
      whisper(whole.supported === false ? `Not found. ${whole.text}` : whole.text);
    } catch (error) {
      const why = /** @type {any} */ (error);
      if (why.name === "AbortError") {
        if (said) fill(body, prose(said, placesOf({ moments }), this.setting()), el("p", { class: "soft small-text" }, "Stopped."));
        else node.remove();
      } else {
        body.className = "answer broken";
        fill(body, el("p", { class: "verdict" }, icon("warning"), why.message), why.hint && el("p", { class: "hint" }, why.hint),
          el("button", { type: "button", class: "small", on: { click: () => { node.remove(); this.ask(question); } } }, icon("retry"), "Ask again"));
        whisper(`${why.message} ${why.hint ?? ""}`);
      }
      this.settle();
    } finally {
      body.removeAttribute("aria-busy");
      if (this.asking === asking) this.setAsking(null);
    }
  }
}

/** @param {string} text */
function thinking(text) {
  return el("p", { class: "thinking" }, el("span", { class: "pulse", "aria-hidden": "true" }), text, "…");
}
