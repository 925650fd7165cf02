/**
 * An answer on the page: its text with every time as something to press, what it rests on, or that there is none.
 * @module answer
 */

import { frameUrl } from "./api.js";
import { add, el } from "./dom.js";
import { icon } from "./icons.js";
import { clock, parseClock } from "./times.js";

/** @typedef {{media: string, start_s: number, end_s: number, clock: string, quote?: string, title?: string, text?: string, kind?: string, said?: string, shown?: string, frame?: string | null}} Place */
/**
 * @typedef {object} Setting
 * @property {string | null} here the recording that is open
 * @property {string} scope
 * @property {((places: Place[], time_s: number) => void) | null} go seeks the recording that is open
 * @property {((place: Place) => string | null) | null} picture the kept picture at a place, where the page knows it
 */

const TIME = /\[(\d+(?::\d{2}){1,2})(?:\s*[–-]\s*(\d+(?::\d{2}){1,2}))?\]/g;

/**
 * Every time in a text, with the places of the evidence that it means.
 * @param {string} text
 * @param {Place[]} places
 * @param {string | null} media the recording meant where none is named
 * @returns {{from: number, to: number, shown: string, time_s: number, media: string | null, places: Place[]}[]}
 */
export function timesIn(text, places, media) {
  return [...text.matchAll(TIME)].map((found) => {
    const at = found.index ?? 0;
    const same = places.filter((place) => place.clock === found[1]);
    const before = text.slice(0, at);
    // Where several recordings are asked, the title stands before the time.
    const named = same.filter((place) => place.title && before.trimEnd().endsWith(place.title));
    const meant = named.length ? named : same;
    const first = meant[0];
    const owner = first?.media ?? media;
    return {
      from: at, to: at + found[0].length, shown: found[2] ? `${found[1]}–${found[2]}` : found[1],
      time_s: first ? first.start_s : parseClock(found[1]) ?? 0, media: owner,
      places: meant.filter((place) => place.media === owner),
    };
  });
}

/**
 * A time to press: a button where it seeks the recording that is open, a link where it leads to another.
 * @param {{shown: string, time_s: number, media: string | null, places: Place[]}} time
 * @param {Setting} setting
 */
export function chip(time, setting) {
  const title = time.places.find((place) => place.title)?.title;
  if (setting.go && (time.media === setting.here || time.media === null)) {
    const go = setting.go;
    return el("button", {
      type: "button", class: "chip", "aria-label": `Go to ${time.shown}`, data: { time: time.time_s },
      on: {
        click: (/** @type {Event} */ event) => {
          for (const old of document.querySelectorAll(".chip.pressed")) old.classList.remove("pressed");
          /** @type {Element} */ (event.currentTarget).classList.add("pressed");
          go(time.places, time.time_s);
        },
      },
    }, time.shown);
  }
  return el("a", {
    class: "chip", href: `/m/${time.media}#t=${Math.round(time.time_s * 10) / 10}`, data: { scope: setting.scope, time: time.time_s },
    "aria-label": `Go to ${time.shown}${title ? ` in ${title}` : ""}`,
  }, time.shown);
}

/**
 * The text of an answer as paragraphs, lists and code.
 * @param {string} text
 * @param {Place[]} places
 * @param {Setting} setting
 * @returns {HTMLElement}
 */
export function prose(text, places, setting) {
  const out = el("div", { class: "prose" });
  /** @type {HTMLElement | null} */
  let list = null;
  let code = /** @type {string[] | null} */ (null);
  for (const line of text.split("\n")) {
    if (line.trim().startsWith("```")) {
      if (code) out.append(el("pre", {}, el("code", {}, code.join("\n"))));
      code = code ? null : [];
      continue;
    }
    if (code) {
      code.push(line);
      continue;
    }
    const item = /^\s*[-*•]\s+(.*)$/.exec(line);
    if (item) {
      if (!list) out.append((list = el("ul")));
      list?.append(withChips(el("li"), item[1], places, setting));
      continue;
    }
    list = null;
    if (line.trim()) out.append(withChips(el("p"), line.trim(), places, setting));
  }
  if (code?.length) out.append(el("pre", {}, el("code", {}, code.join("\n"))));
  return out;
}

/** @param {HTMLElement} node @param {string} text @param {Place[]} places @param {Setting} setting */
function withChips(node, text, places, setting) {
  let at = 0;
  const only = places.every((place) => place.media === places[0]?.media) ? places[0]?.media : undefined;
  for (const time of timesIn(text, places, only ?? setting.here)) {
    withCode(node, text.slice(at, time.from));
    node.append(time.media || setting.go ? chip(time, setting) : time.shown);
    at = time.to;
  }
  withCode(node, text.slice(at));
  return node;
}

/** @param {HTMLElement} node @param {string} text */
function withCode(node, text) {
  text.split(/`([^`\n]+)`/).forEach((part, at) => add(node, at % 2 ? el("code", {}, part) : part));
}

/** Citations with the titles that the moments carry. @param {any} answer @returns {Place[]} */
export function placesOf(answer) {
  const titles = new Map((answer.moments ?? []).map((/** @type {Place} */ m) => [m.media, m.title]));
  const cited = (answer.citations ?? []).map((/** @type {Place} */ c) => ({ title: titles.get(c.media), ...c }));
  return [...cited, ...(answer.moments ?? [])];
}

/**
 * The places that an answer rests on, or the nearest there are, as cards.
 * @param {Place[]} places
 * @param {Setting} setting
 */
function cards(places, setting) {
  const seen = new Set();
  const some = places.filter((place) => {
    const key = `${place.media} ${Math.floor(place.start_s)}`;
    return !seen.has(key) && seen.add(key);
  }).slice(0, 6);
  return el("ul", { class: "evidence" }, some.map((place) => {
    const picture = frameUrl(place.media, place.frame) ?? setting.picture?.(place) ?? null;
    const time = { shown: place.clock ?? clock(place.start_s), time_s: place.start_s, media: place.media, places: [place] };
    const quote = (place.quote ?? place.text ?? "").trim();
    const elsewhere = place.media !== setting.here && place.title;
    return el("li", { class: "proof" },
      picture && el("img", { src: picture, alt: "", loading: "lazy", decoding: "async", width: "96", height: "54" }),
      el("div", {}, el("p", { class: "proof-head" }, chip(time, setting), elsewhere && el("span", { class: "soft" }, place.title)),
        el("p", { class: "quote" }, quote)));
  }));
}

/**
 * A whole answer.
 * @param {any} answer the documented JSON
 * @param {Setting} setting
 */
export function answered(answer, setting) {
  const places = placesOf(answer);
  if (answer.supported === false) {
    const where = setting.scope === "library" ? "Not in your recordings" : setting.scope.includes(",") ? "Not in these recordings" : "Not in this recording";
    return el("div", { class: "answer absent" },
      el("p", { class: "verdict" }, icon("none"), where),
      prose(answer.text, places, setting),
      answer.moments?.length > 0 && el("details", { class: "rests", open: !timesIn(answer.text, places, null).length },
        el("summary", {}, "The nearest there is"), cards(answer.moments.slice(0, 3), setting)));
  }
  const cited = answer.citations?.length ? places.slice(0, answer.citations.length) : answer.moments ?? [];
  return el("div", { class: "answer" }, prose(answer.text, places, setting),
    cited.length > 0 && el("details", { class: "rests", open: cited.length <= 4 },
      el("summary", {}, `Rests on ${cited.length === 1 ? "one place" : `${cited.length} places`}`), cards(cited, setting)),
    read(answer));
}

/** How the question was taken, where that is worth knowing. @param {any} answer */
function read(answer) {
  const taken = answer.read_as && answer.read_as !== answer.question ? `Read as “${answer.read_as}”` : "";
  return taken && el("p", { class: "soft small-text" }, taken);
}
