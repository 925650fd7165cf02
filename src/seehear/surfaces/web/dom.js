/**
 * Elements, made without any markup: whatever comes out of a recording goes in as text and stays text.
 * @module dom
 */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * Build an element. Text children become text nodes; `on` holds listeners, `data` the dataset, `vars` custom properties.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [type, listener] of Object.entries(value)) node.addEventListener(type, /** @type {any} */ (listener));
    } else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "vars") for (const [key, v] of Object.entries(value)) node.style.setProperty(key, String(v));
    else if (name === "class") node.className = value;
    else if (name === "value") /** @type {any} */ (node).value = value;
    else if (name.startsWith("on") || name === "style") throw new TypeError(`${name} is not set from here`);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  add(node, ...children);
  return node;
}

/**
 * Append children; text as text.
 * @param {Node} node
 * @param {...(Child | Child[])} children
 */
export function add(node, ...children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * Put these children in place of all there are.
 * @param {Element} node
 * @param {...(Child | Child[])} children
 */
export function fill(node, ...children) {
  node.replaceChildren();
  add(node, ...children);
}

/**
 * Text with the places that match one of the words in `<mark>`.
 * @param {string} text
 * @param {RegExp | null} pattern a global one
 * @returns {DocumentFragment}
 */
export function marked(text, pattern) {
  const out = document.createDocumentFragment();
  let at = 0;
  if (pattern) {
    for (const found of text.matchAll(pattern)) {
      if (!found[0]) continue;
      add(out, text.slice(at, found.index), el("mark", {}, found[0]));
      at = found.index + found[0].length;
    }
  }
  add(out, text.slice(at));
  return out;
}

/**
 * A pattern for the words of a query, each from the beginning of a word on; null where there are none.
 * @param {string} query
 */
export function wordsPattern(query) {
  const words = query.match(/[\p{L}\p{N}_]{2,}/gu) ?? [];
  if (!words.length) return null;
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join("|")})`, "giu");
}

/** Tell whether somebody asked for less movement. */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/**
 * Run `work` once calls have paused for `pause_ms`.
 * @template {any[]} A
 * @param {(...args: A) => void} work
 * @param {number} pause_ms
 */
export function debounced(work, pause_ms) {
  let timer = 0;
  return (/** @type {A} */ ...args) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => work(...args), pause_ms);
  };
}
