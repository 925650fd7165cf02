/**
 * Marking words without touching the elements they stand in, so that thousands of lines stay light.
 * Where a browser has no such highlights, whole lines are marked by their class alone.
 * @module ranges
 */

/** @typedef {import("./transcript.js").Line} Line */

const supported = typeof Highlight === "function" && "highlights" in CSS;

/** @param {Line} line @param {number} from @param {number} to @returns {Range[]} */
function range(line, from, to) {
  const node = line.text.firstChild;
  if (!(node instanceof Text) || from < 0 || to > node.length || to <= from) return [];
  const made = document.createRange();
  made.setStart(node, from);
  made.setEnd(node, to);
  return [made];
}

/** Where each word of an event stands in its text; -1 where a correction took it out. @param {any} event */
function offsetsOf(event) {
  if (event.offsets) return event.offsets;
  let at = 0;
  event.offsets = (event.words ?? []).map((/** @type {any} */ word) => {
    const found = event.text.indexOf(word.text.trim(), at);
    if (found >= 0) at = found + word.text.trim().length;
    return found;
  });
  return event.offsets;
}

export const wordRanges = {
  /** @param {string} name @param {Range[]} ranges */
  set(name, ranges) {
    if (!supported) return;
    if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges));
    else CSS.highlights.delete(name);
  },

  clear() {
    if (supported) for (const name of ["playing", "evidence", "found", "found-now"]) CSS.highlights.delete(name);
  },

  /** Mark the word that is being said. @param {Line | null} line @param {number} time_s */
  playing(line, time_s) {
    const words = line?.event.words ?? [];
    const at = words.findLastIndex((/** @type {any} */ word) => word.start_s <= time_s + 0.02);
    const from = at >= 0 && line ? offsetsOf(line.event)[at] : -1;
    wordRanges.set("playing", from >= 0 && line ? range(line, from, from + words[at].text.trim().length) : []);
  },

  /** The words of a line that a place means. @param {Line} line @param {any} place @returns {Range[]} */
  of(line, place) {
    const { event } = line;
    const quote = String(place.quote ?? place.text ?? "").replace(/…$/, "").trim();
    const at = quote ? event.text.indexOf(quote) : -1;
    if (at >= 0) return range(line, at, at + quote.length);
    const words = event.words ?? [];
    const inside = words.map((/** @type {any} */ word, /** @type {number} */ i) => (word.end_s > place.start_s && word.start_s < place.end_s ? i : -1)).filter((/** @type {number} */ i) => i >= 0);
    const offsets = offsetsOf(event);
    const first = offsets[inside[0]];
    const last = offsets[inside[inside.length - 1]];
    if (event.kind === "transcript" && first >= 0 && last >= first) {
      return range(line, first, Math.min(event.text.length, last + words[inside[inside.length - 1]].text.trim().length));
    }
    return range(line, 0, event.text.length);
  },

  /** Every place of a text in a line. @param {Line} line @param {string} lower @returns {Range[]} */
  found(line, lower) {
    const text = line.event.text.toLowerCase();
    const ranges = [];
    for (let at = text.indexOf(lower); at >= 0 && lower; at = text.indexOf(lower, at + lower.length)) {
      ranges.push(...range(line, at, at + lower.length));
    }
    return ranges;
  },
};
