/**
 * The page: which view an address shows, and what all views share.
 * @module main
 */

import { token } from "./api.js";
import { bar } from "./bar.js";
import { el, fill } from "./dom.js";
import { listenToKeys } from "./keys.js";
import { openLibrary } from "./library.js";
import { connect, live } from "./live.js";
import { askForToken } from "./login.js";
import { openRecording } from "./recording.js";
import { whisper } from "./say.js";

/** @typedef {{close: () => void}} View */

const root = /** @type {HTMLElement} */ (document.getElementById("view"));
/** @type {View | null} */
let view = null;
let shown = "";

/** @param {Location | URL} place */
const pageOf = (place) => place.pathname;

/**
 * The id, beginning of an id or title that an address names.
 * @param {string} path
 */
function recordingOf(path) {
  try {
    return decodeURIComponent(/^\/m\/([^/]+)\/?$/.exec(path)?.[1] ?? "");
  } catch {
    return "";
  }
}

/** Show what the address says. */
function show({ first = false } = {}) {
  view?.close();
  shown = pageOf(location);
  root.className = "";
  fill(root);
  scrollTo(0, 0);
  const recording = recordingOf(shown);
  if (shown === "/" || shown === "/ask") view = openLibrary(root);
  else if (recording) view = openRecording(root, recording);
  else view = nothingHere();
  // A new view is read from its beginning, as a new page would be.
  if (!first) root.focus({ preventScroll: true });
}

/** @returns {View} */
function nothingHere() {
  document.title = "Nothing here · seehear";
  fill(root, el("section", { class: "message" }, el("h1", {}, "Nothing is here"),
    el("p", {}, "This address names no recording."), el("a", { class: "button", href: "/" }, "To the library")));
  return { close() {} };
}

/**
 * Go to another place of the page without leaving it, so that uploads go on.
 * @param {string} url
 * @param {any} [state]
 */
function go(url, state = null) {
  // Whoever comes back goes on where they were.
  history.replaceState({ ...history.state, scroll_px: scrollY }, "");
  history.pushState(state, "", url);
  show();
  whisper(document.title);
}

document.addEventListener("click", (event) => {
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  const target = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!plain || event.defaultPrevented || !(target instanceof HTMLAnchorElement)) return;
  const url = new URL(target.href);
  const ours = url.origin === location.origin && (url.pathname === "/" || url.pathname.startsWith("/m/"));
  if (!ours || target.hasAttribute("download") || target.target) return;
  if (url.pathname === location.pathname && url.hash) return;
  event.preventDefault();
  go(url.href, target.dataset.scope ? { scope: target.dataset.scope } : null);
});
addEventListener("popstate", () => {
  if (pageOf(location) !== shown) show();
});
token.addEventListener("needed", () => askForToken(() => {
  connect();
  show();
}));
live.addEventListener("here", () => whisper("The server is back."));

// A token that came with the address is in a cookie by now, or was wrong: it need not stay in sight.
if (new URLSearchParams(location.search).has("token")) history.replaceState(null, "", location.pathname);
bar();
listenToKeys();
connect();
show({ first: true });
