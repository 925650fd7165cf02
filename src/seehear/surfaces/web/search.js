/**
 * Finding moments everywhere, as one types.
 * @module search
 */

import { frameUrl, get } from "./api.js";
import { debounced, el, fill, marked, wordsPattern } from "./dom.js";
import { icon } from "./icons.js";
import { failed, whisper } from "./say.js";
import { clock, plural } from "./times.js";

const PAUSE_MS = 160;
const LIMIT = 30;

/** @type {[string, string][]} */
const ROUTES = [["", "Everything"], ["said", "Said"], ["shown", "Shown"]];

/** What a search found; hidden while nothing is searched. */
export class Search {
  /** @param {{input: HTMLInputElement, onState: (active: boolean) => void, onShown: () => void, rows: () => any[]}} options */
  constructor({ input, onState, onShown, rows }) {
    this.input = input;
    this.onState = onState;
    this.onShown = onShown;
    this.rows = rows;
    this.route = "";
    /** @type {AbortController | null} */
    this.looking = null;
    this.closing = new AbortController();
    this.count = el("p", { class: "soft", id: "found" });
    this.results = el("div", { class: "results" });
    const filters = el("fieldset", { class: "segments" }, el("legend", { class: "quiet" }, "Search in"),
      ROUTES.map(([value, label]) => el("label", {}, el("input", {
        type: "radio", name: "route", value, checked: value === "", on: {
          change: () => {
            this.route = value;
            this.look();
          },
        },
      }), el("span", {}, label))));
    this.node = el("section", { class: "found", "aria-label": "Search results", hidden: true },
      el("div", { class: "section-head" }, this.count, filters), this.results);
    const later = debounced(() => this.look(), PAUSE_MS);
    const { signal } = this.closing;
    input.addEventListener("input", later, { signal });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        input.value = "";
        this.look();
        input.blur();
      } else if (event.key === "ArrowDown" || event.key === "Enter") {
        const first = this.results.querySelector("a");
        if (first && !this.node.hidden) {
          event.preventDefault();
          first.focus();
        }
      }
    }, { signal });
    this.results.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.walk(event));
    const asked = new URLSearchParams(location.search).get("q") ?? "";
    // An address may hold more than can be typed here.
    input.value = asked.slice(0, input.maxLength);
    if (asked) this.look();
  }

  close() {
    this.closing.abort();
    this.looking?.abort();
    this.input.value = "";
  }

  /** Arrows go from result to result. @param {KeyboardEvent} event */
  walk(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...this.results.querySelectorAll("a")];
    const at = links.indexOf(/** @type {any} */ (document.activeElement)) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    if (at < 0) this.input.focus();
    else links[at]?.focus();
  }

  async look() {
    this.looking?.abort();
    const query = this.input.value.trim();
    const active = query.length > 0;
    this.node.hidden = !active;
    this.onState(active);
    history.replaceState(history.state, "", active ? `/?q=${encodeURIComponent(query)}` : "/");
    if (!active) return;
    const looking = (this.looking = new AbortController());
    this.results.setAttribute("aria-busy", "true");
    try {
      const route = this.route ? `&route=${this.route}` : "";
      const { moments, fits } = await get(`/api/v1/search?q=${encodeURIComponent(query)}&limit=${LIMIT}${route}`, { signal: looking.signal });
      if (looking.signal.aborted) return;
      this.show(query, moments, fits);
      this.onShown();
    } catch (error) {
      failed(error);
    } finally {
      if (this.looking === looking) this.results.removeAttribute("aria-busy");
    }
  }

  /** @param {string} query @param {any[]} moments @param {boolean} fits */
  show(query, moments, fits) {
    const pattern = wordsPattern(query);
    const titled = this.rows().filter((row) => row.title.toLowerCase().includes(query.toLowerCase()));
    /** @type {Map<string, any[]>} */
    const groups = new Map();
    for (const row of titled) groups.set(row.id, []);
    for (const moment of moments) groups.set(moment.media, [...(groups.get(moment.media) ?? []), moment]);
    const titles = new Map(moments.map((m) => [m.media, m.title]));
    for (const row of titled) titles.set(row.id, row.title);
    // A word may be on its way: "func" is no word, and what begins so is found.
    const begun = wordsPattern(query.match(/[\p{L}\p{N}_]+$/u)?.[0] ?? "");
    const begins = moments.some((m) => begun && `${m.text} ${m.said} ${m.shown}`.search(begun) >= 0);
    const count = `${plural(moments.length, "moment")} in ${plural(groups.size, "recording")}`;
    const text = !groups.size ? `Nothing was said or shown like “${query}”`
      : fits || begins || titled.length ? count
      : `Nothing seems to be about “${query}”. The nearest: ${count}`;
    fill(this.count, text);
    whisper(text);
    fill(this.results, [...groups].map(([media, found]) => el("section", { class: "hit-group" },
      el("h2", {}, el("a", { href: `/m/${media}` }, marked(titles.get(media) ?? "", pattern))),
      el("ul", { class: "hits" }, found.map((moment) => this.hit(moment, pattern))))));
  }

  /** @param {any} moment @param {RegExp | null} pattern */
  hit(moment, pattern) {
    const picture = frameUrl(moment.media, moment.frame);
    const other = moment.kind === "visual" ? moment.said : moment.shown;
    return el("li", {}, el("a", { class: "hit", href: `/m/${moment.media}#t=${Math.round(moment.start_s * 10) / 10}` },
      picture ? el("img", { src: picture, alt: "", loading: "lazy", decoding: "async", width: "128", height: "72" })
        : el("span", { class: "no-picture" }, icon(moment.kind === "visual" ? "screen" : "speech")),
      el("span", { class: "hit-body" },
        el("span", { class: "hit-head" }, el("span", { class: "time" }, moment.clock ?? clock(moment.start_s)), " ",
          el("span", { class: "soft" }, moment.kind === "visual" ? "shown" : "said")), " ",
        el("span", { class: "hit-text" }, marked(moment.text, pattern)),
        other && other !== moment.text && el("span", { class: "hit-other soft" }, marked(other, pattern)))));
  }
}
