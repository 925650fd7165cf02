/**
 * What the server tells by itself: jobs and changes of the library; and whether it is there at all.
 * @module live
 */

import { el, fill } from "./dom.js";
import { icon } from "./icons.js";

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 10000;

/** Events `job` (detail: the job), `library`, `away`, and `back` once the server is there again. */
export const live = new EventTarget();

/** @type {EventSource | null} */
let source = null;
let wait_ms = FIRST_WAIT_MS;
let away = false;
let timer = 0;

/** Listen to the server; once only. */
export function connect() {
  clearTimeout(timer);
  source?.close();
  source = new EventSource("/api/v1/events");
  source.addEventListener("open", () => {
    wait_ms = FIRST_WAIT_MS;
    // What happened meanwhile was not heard: whoever shows state fetches it again.
    live.dispatchEvent(new Event("back"));
    tell(false);
  });
  source.addEventListener("job", (event) => {
    live.dispatchEvent(new CustomEvent("job", { detail: JSON.parse(event.data) }));
  });
  source.addEventListener("library", () => live.dispatchEvent(new Event("library")));
  source.addEventListener("error", () => {
    source?.close();
    source = null;
    timer = window.setTimeout(connect, wait_ms);
    wait_ms = Math.min(LONGEST_WAIT_MS, wait_ms * 1.6);
    check();
  });
}

async function check() {
  try {
    const response = await fetch("/healthz", { cache: "no-store" });
    tell(!response.ok);
  } catch {
    tell(true);
  }
}

/** @param {boolean} gone */
function tell(gone) {
  if (gone === away) return;
  away = gone;
  const bar = document.getElementById("away");
  if (bar) {
    if (gone) {
      fill(bar, icon("warning"), el("span", {}, "The server is away. Trying to reach it again…"),
        el("button", { type: "button", class: "small", on: { click: connect } }, "Try now"));
    } else fill(bar);
  }
  live.dispatchEvent(new Event(gone ? "away" : "here"));
}
