/**
 * Everything said and shown, by time: follows playback, marks what an answer rests on, can be corrected.
 * @module transcript
 */

import { frameUrl } from "./api.js";
import { calm, el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { wordRanges } from "./ranges.js";
import { clock } from "./times.js";

const STAGES = /** @type {Record<string, string>} */ ({
  hear: "Could not be heard", read: "Could not be read", describe: "Could not be described", find: "Could not be seen", decode: "Could not be decoded",
});
const LINGER_S = 1.5;

/** @typedef {{event: any, node: HTMLElement, text: HTMLElement}} Line */

export class Transcript {
  /**
   * @param {{media: any, events: any[], gaps: any[], chapters: any[], onSeek: (time_s: number) => void, onCorrect: (line: Line) => void}} options
   */
  constructor({ media, events, gaps, chapters, onSeek, onCorrect }) {
    this.media = media;
    this.onSeek = onSeek;
    /** @type {Line[]} */
    this.lines = events.map((event) => this.line(event, onCorrect));
    this.said = this.lines.filter(({ event }) => event.kind === "transcript");
    this.shown = this.lines.filter(({ event }) => event.kind === "visual");
    this.list = el("ol", { class: "lines" }, this.inOrder(gaps, chapters));
    this.node = el("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Transcript and slides" }, this.list);
    this.following = true;
    /** @type {Line | null} */
    this.now_said = null;
    /** @type {Line | null} */
    this.now_shown = null;
    /** @type {((following: boolean) => void)} */
    this.onFollow = () => {};
    for (const type of ["wheel", "touchmove"]) this.node.addEventListener(type, () => this.follow(false), { passive: true });
    this.node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.target === this.node && ["PageUp", "PageDown", "Home", "End"].includes(event.key)) this.follow(false);
    });
  }

  /** @param {any[]} gaps @param {any[]} chapters */
  inOrder(gaps, chapters) {
    const rows = /** @type {{at_s: number, order: number, node: HTMLElement}[]} */ ([]);
    if (chapters.length > 1) {
      for (const chapter of chapters) {
        rows.push({ at_s: chapter.start_s, order: 0, node: el("li", { class: "chapter-line" }, el("h3", {}, chapter.title)) });
      }
    }
    for (const gap of gaps) {
      rows.push({
        at_s: gap.start_s, order: 1, node: el("li", { class: "gap-line" }, el("span", { class: "time" }, `${clock(gap.start_s)}–${clock(gap.end_s)}`), " ",
          el("span", {}, `${STAGES[gap.stage] ?? `Missing: ${gap.stage}`}: ${gap.reason}`)),
      });
    }
    for (const line of this.lines) rows.push({ at_s: line.event.start_s, order: 2, node: line.node });
    rows.sort((a, b) => a.at_s - b.at_s || a.order - b.order);
    return rows.map((row) => row.node);
  }

  /** @param {any} event @param {(line: Line) => void} onCorrect @returns {Line} */
  line(event, onCorrect) {
    const visual = event.kind === "visual";
    const text = el("p", { class: "text" }, event.text);
    const still = this.media.kind === "image";
    const at = clock(event.start_s);
    const line = /** @type {Line} */ ({ event, text, node: el("li", { class: `line ${visual ? "shown" : "said"}`, data: { event: event.id, start: event.start_s } }) });
    const seek = () => this.onSeek(event.start_s);
    fill(line.node,
      still ? null : el("button", { type: "button", class: "time", "aria-label": `Go to ${at}`, on: { click: seek } }, at),
      visual && event.frame && !still && el("img", { src: frameUrl(this.media.id, event.frame), alt: "", loading: "lazy", decoding: "async", width: "112", height: "63", on: { click: seek } }),
      el("div", { class: "words" },
        visual && el("span", { class: "quiet" }, "On screen: "),
        event.speaker && el("span", { class: "speaker" }, event.speaker), text,
        event.corrected && el("span", { class: "corrected" }, "corrected by hand")),
      event.id !== undefined && el("button", {
        type: "button", class: "bare correct", "aria-label": `Correct ${visual ? "the slide text" : "the line"} at ${at}`, title: "Correct (e)",
        on: { click: () => onCorrect(line) },
      }, icon("pencil")));
    text.addEventListener("click", () => {
      if (!getSelection()?.toString()) seek();
    });
    return line;
  }

  /** Put what the server says of an event in place of what was shown. @param {Line} line @param {any} event */
  change(line, event) {
    Object.assign(line.event, event);
    line.event.offsets = undefined;
    fill(line.text, event.text);
    const badge = line.node.querySelector(".corrected");
    if (event.corrected && !badge) line.text.after(el("span", { class: "corrected" }, "corrected by hand"));
    if (!event.corrected) badge?.remove();
  }

  /** @param {boolean} on */
  follow(on) {
    if (this.following === on) return;
    this.following = on;
    this.onFollow(on);
    if (on) this.show(this.now_said ?? this.now_shown, true);
  }

  /** Mark what is said and shown at a moment. @param {number} time_s */
  mark(time_s) {
    const said = lastBefore(this.said, time_s);
    const speaking = said && time_s < said.event.end_s + LINGER_S ? said : null;
    const shown = lastBefore(this.shown, time_s);
    this.now_shown = this.swap(this.now_shown, shown, false);
    const before = this.now_said;
    this.now_said = this.swap(this.now_said, speaking, true);
    wordRanges.playing(speaking, time_s);
    if (this.now_said && this.now_said !== before) this.show(this.now_said);
    else if (!this.said.length && shown && this.now_shown !== this.last_followed) {
      this.last_followed = shown;
      this.show(shown);
    }
  }

  /** @param {Line | null} before @param {Line | null} now @param {boolean} current */
  swap(before, now, current) {
    if (before === now) return now;
    before?.node.classList.remove("now");
    before?.node.removeAttribute("aria-current");
    now?.node.classList.add("now");
    if (current) now?.node.setAttribute("aria-current", "true");
    return now;
  }

  /** Scroll a line into the middle of the panel, while playback is followed. @param {Line | null} line */
  show(line, smooth = !calm()) {
    if (!line || !this.following || this.node.contains(document.activeElement) && document.activeElement?.matches("textarea")) return;
    this.scrollTo(line.node, smooth && !calm());
  }

  /** @param {Element} node @param {boolean} [smooth] */
  scrollTo(node, smooth = false) {
    const box = node.getBoundingClientRect();
    const frame = this.node.getBoundingClientRect();
    if (!frame.height) return;
    const by_px = box.top - frame.top - Math.max(0, (frame.height - box.height) * 0.4);
    // Far away, lines have estimated heights: a smooth ride would end beside its goal.
    const near = Math.abs(by_px) < frame.height * 2;
    this.node.scrollBy({ top: by_px, behavior: smooth && near ? "smooth" : "instant" });
    if (near) return;
    requestAnimationFrame(() => {
      const now = node.getBoundingClientRect();
      if (now.top < frame.top || now.bottom > frame.bottom) node.scrollIntoView({ block: "center" });
    });
  }

  /** The line that plays, else the last that began. @param {number} time_s */
  lineAt(time_s) {
    return this.now_said ?? lastBefore(this.said.length ? this.said : this.shown, time_s);
  }

  /** The start of the line before or after a moment. @param {Line[]} lines @param {number} time_s @param {1 | -1} by */
  next(lines, time_s, by) {
    const at = lines.indexOf(/** @type {Line} */ (lastBefore(lines, time_s))) + by;
    return lines[Math.min(lines.length - 1, Math.max(0, at))]?.event.start_s ?? null;
  }

  /** Whether a place was seen or heard, where it does not tell. @param {any} place */
  kindOf(place) {
    const quote = place.quote ?? place.text ?? "";
    const seen = this.shown.some(({ event }) => meets(event, place) && shares(event.text, quote));
    return quote && !seen && this.said.length ? "transcript" : "visual";
  }

  /** @param {any} event @param {any} place */
  isShown(event, place) {
    const quote = place.quote ?? place.text ?? "";
    return !quote || shares(event.text, quote) || !this.shown.some((line) => meets(line.event, place) && shares(line.event.text, quote));
  }

  /** Mark lines and words that an answer rests on. @param {any[]} places @param {boolean} go */
  rests(places, go) {
    const ranges = /** @type {Range[]} */ ([]);
    let first = /** @type {Line | null} */ (null);
    const kinds = places.map((place) => place.kind ?? this.kindOf(place));
    for (const line of this.lines) {
      const { event } = line;
      const place = places.find((one, at) => kinds[at] === event.kind && meets(event, one) && (event.kind === "transcript" || this.isShown(event, one)));
      line.node.classList.toggle("rests", Boolean(place));
      if (!place) continue;
      first ??= line;
      ranges.push(...wordRanges.of(line, place));
    }
    wordRanges.set("evidence", ranges);
    if (first && go) this.scrollTo(first.node, !calm());
    return first;
  }
}

/** @param {string} text @param {string} cited what ends in "…" goes on */
function shares(text, cited) {
  const quote = cited.replace(/\s*…$/, "");
  return quote.includes(text) || text.includes(quote);
}

/** Tell whether an event and a place share time, a moment at the edges aside. @param {any} event @param {any} place */
function meets(event, place) {
  return event.start_s < Math.max(place.end_s, place.start_s + 0.2) - 0.05 && event.end_s > place.start_s + 0.05;
}

/** @param {Line[]} lines @param {number} time_s @returns {Line | null} */
function lastBefore(lines, time_s) {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].event.start_s <= time_s + 0.02) low = middle + 1;
    else high = middle;
  }
  return low ? lines[low - 1] : null;
}
