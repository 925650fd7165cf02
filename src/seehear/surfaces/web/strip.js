/**
 * The strip: slides and speech over time, gaps shown as gaps, the moment that plays, and what an answer rests on.
 * @module strip
 */

import { frameUrl } from "./api.js";
import { add, el, fill } from "./dom.js";
import { clock, spoken } from "./times.js";

const SVG = "http://www.w3.org/2000/svg";
const THUMB_PX = 16;
const STEP_S = 5;

/**
 * Slides as people count them: bullets and lines that were added one after the other are steps of one slide.
 * @param {any[]} shown visual events, in order
 * @returns {any[][]}
 */
export function slidesOf(shown) {
  const slides = /** @type {any[][]} */ ([]);
  for (const event of shown) {
    const slide = slides[slides.length - 1];
    const before = slide?.[slide.length - 1];
    const same = before && event.start_s - before.end_s < 0.5 && (before.title ?? "") === (event.title ?? "") && (event.title || event.reason === "build");
    if (same) slide.push(event);
    else slides.push([event]);
  }
  return slides;
}

export class Strip {
  /**
   * @param {{media: any, events: any[], gaps: any[], chapters: any[], onSeek: (time_s: number) => void}} options
   */
  constructor({ media, events, gaps, chapters, onSeek }) {
    this.media = media;
    this.end_s = Math.max(media.duration_s || 0, ...events.map((e) => e.end_s), 0.001);
    this.events = events;
    this.onSeek = onSeek;
    this.shown = events.filter((event) => event.kind === "visual");
    this.chapters = chapters;
    this.pictures = el("div", { class: "lane lane-shown" });
    this.speech = el("div", { class: "lane lane-said" });
    this.rest = el("div", { class: "strip-evidence" });
    this.head = el("div", { class: "strip-head" });
    this.tip = el("div", { class: "strip-tip", hidden: true });
    this.body = el("div", { class: "strip-body", "aria-hidden": "true" }, this.pictures, this.speech, this.rest, this.head, this.tip);
    this.axis = el("div", { class: "strip-axis", "aria-hidden": "true" });
    this.node = el("div", {
      class: "strip", role: "slider", tabindex: "0", "aria-label": "Time", "aria-valuemin": "0",
      "aria-valuemax": String(Math.round(this.end_s)), "aria-valuenow": "0",
    }, this.body, this.axis);
    if (!this.shown.length && !gaps.some((gap) => gap.stage !== "hear")) this.node.classList.add("sound-only");
    this.drawSpeech();
    this.drawGaps(gaps);
    this.drawChapters();
    this.listen();
    this.watching = new ResizeObserver(() => this.drawPictures());
    this.watching.observe(this.body);
  }

  close() {
    this.watching.disconnect();
  }

  /** @param {number} time_s */
  percent(time_s) {
    return `${(Math.min(Math.max(time_s, 0), this.end_s) / this.end_s) * 100}%`;
  }

  drawSpeech() {
    const path = document.createElementNS(SVG, "path");
    const scale = 10000 / this.end_s;
    path.setAttribute("d", this.events.filter((e) => e.kind === "transcript")
      .map((e) => `M${(e.start_s * scale).toFixed(1)} 0h${Math.max(4, (e.end_s - e.start_s) * scale - 3).toFixed(1)}v1h-${Math.max(4, (e.end_s - e.start_s) * scale - 3).toFixed(1)}z`).join(""));
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 10000 1");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.append(path);
    this.speech.append(svg);
  }

  /** @param {any[]} gaps */
  drawGaps(gaps) {
    for (const gap of gaps) {
      const lane = gap.stage === "hear" ? this.speech : this.pictures;
      lane.append(el("div", { class: "gap", vars: { left: this.percent(gap.start_s), width: `calc(${this.percent(gap.end_s - gap.start_s)} + 1px)` } }));
    }
  }

  /** Slides as wide as they lasted; a picture where there is room for one. */
  drawPictures() {
    const width_px = this.body.clientWidth;
    if (!width_px || width_px === this.drawn_px) return;
    this.drawn_px = width_px;
    for (const old of this.pictures.querySelectorAll(".slide")) old.remove();
    for (const steps of slidesOf(this.shown)) {
      const { start_s } = steps[0];
      const last = steps[steps.length - 1];
      const long_s = last.end_s - start_s;
      const wide_px = (long_s / this.end_s) * width_px;
      const node = el("div", { class: "slide", vars: { left: this.percent(start_s), width: this.percent(long_s) } });
      if (last.frame && wide_px >= THUMB_PX) {
        node.append(el("img", { src: frameUrl(this.media.id, last.frame), alt: "", loading: "lazy", decoding: "async", draggable: "false" }));
        for (const step of steps.slice(1)) node.append(el("span", { class: "step", vars: { left: `${((step.start_s - start_s) / long_s) * 100}%` } }));
      }
      this.pictures.append(node);
    }
  }

  drawChapters() {
    for (const chapter of this.chapters) {
      if (chapter.start_s > 0) this.body.append(el("div", { class: "strip-chapter", vars: { left: this.percent(chapter.start_s) } }));
    }
    const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
    const step = steps.find((s) => this.end_s / s <= 6) ?? 14400;
    for (let at_s = 0; at_s < this.end_s - step * 0.35; at_s += step) {
      this.axis.append(el("span", { vars: { left: this.percent(at_s) } }, clock(at_s)));
    }
    this.axis.append(el("span", { class: "last" }, clock(this.end_s)));
  }

  /** @param {PointerEvent} event */
  timeAt(event) {
    const box = this.body.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * this.end_s;
  }

  listen() {
    const { node, body } = this;
    body.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      body.setPointerCapture(event.pointerId);
      this.onSeek(this.timeAt(event));
    });
    body.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (body.hasPointerCapture(event.pointerId)) this.onSeek(this.timeAt(event));
      if (event.pointerType === "mouse") this.showTip(this.timeAt(event));
    });
    body.addEventListener("pointerleave", () => (this.tip.hidden = true));
    node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      const now_s = Number(node.dataset.time ?? 0);
      const to = {
        Home: 0, End: this.end_s, PageUp: now_s + 60, PageDown: now_s - 60, ArrowRight: now_s + STEP_S, ArrowUp: now_s + STEP_S,
        ArrowLeft: now_s - STEP_S, ArrowDown: now_s - STEP_S,
      }[event.key];
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.onSeek(Math.max(0, to));
    });
  }

  /** @param {number} time_s */
  showTip(time_s) {
    const slide = this.shown.findLast((event) => event.start_s <= time_s && time_s < event.end_s);
    const line = this.events.findLast((event) => event.kind === "transcript" && event.start_s <= time_s && time_s < event.end_s + 0.5);
    this.tip.hidden = false;
    this.tip.style.setProperty("--at", this.percent(time_s));
    fill(this.tip, slide?.frame && el("img", { src: frameUrl(this.media.id, slide.frame), alt: "" }),
      el("p", {}, el("b", { class: "time" }, clock(time_s)), " ", slide?.title ?? ""), line && el("p", { class: "soft" }, line.text));
  }

  /** @param {number} time_s */
  mark(time_s) {
    this.head.style.setProperty("--at", this.percent(time_s));
    this.node.dataset.time = String(time_s);
    const whole_s = Math.floor(time_s);
    if (String(whole_s) === this.node.getAttribute("aria-valuenow")) return;
    const chapter = this.chapters.findLast((one) => one.start_s <= time_s);
    this.node.setAttribute("aria-valuenow", String(whole_s));
    this.node.setAttribute("aria-valuetext", `${spoken(time_s)}${chapter ? `, ${chapter.title}` : ""}`);
  }

  /**
   * Show what an answer rests on.
   * @param {{start_s: number, end_s: number}[]} places
   * @param {{start_s: number, end_s: number}[]} active
   */
  rests(places, active) {
    fill(this.rest);
    for (const place of places) {
      add(this.rest, el("div", {
        class: active.includes(place) ? "band active" : "band",
        vars: { left: this.percent(place.start_s), width: this.percent(Math.max(place.end_s - place.start_s, this.end_s / 400)) },
      }));
    }
  }
}
