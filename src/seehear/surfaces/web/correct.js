/**
 * Correcting a line by hand, where it stands.
 * @module correct
 */

import { get, mediaPath, send } from "./api.js";
import { el } from "./dom.js";
import { failed, whisper } from "./say.js";

/**
 * Let a person rewrite a line. Esc leaves it as it was, Enter keeps it (Ctrl+Enter where it has several lines).
 * @param {import("./transcript.js").Transcript} transcript
 * @param {import("./transcript.js").Line} line
 */
export function correct(transcript, line) {
  const { event } = line;
  if (line.node.querySelector("textarea")) return;
  const many = event.kind === "visual";
  const path = `${mediaPath(transcript.media.id)}/events/${encodeURIComponent(event.id)}`;
  const input = el("textarea", { value: event.text, rows: "1", "aria-label": many ? "Slide text" : "What was said" });
  const form = el("form", { class: "correcting" }, input,
    el("div", { class: "row" },
      el("button", { type: "submit", class: "small primary", title: many ? "Ctrl+Enter" : "Enter" }, "Save"),
      el("button", { type: "button", class: "small", on: { click: close } }, "Cancel"),
      event.corrected && el("button", { type: "button", class: "small bare-text", on: { click: () => keep(() => send("DELETE", path), "As it was recognised again.") } }, "As it was recognised")));

  function close() {
    form.replaceWith(line.text);
    /** @type {HTMLElement | null} */ (line.node.querySelector(".correct"))?.focus();
  }

  /** @param {() => Promise<any>} work @param {string} told */
  async function keep(work, told) {
    for (const part of form.elements) part.disabled = true;
    try {
      const now = await work();
      close();
      if (now) transcript.change(line, now);
      whisper(told);
      refresh(transcript);
    } catch (error) {
      // It may read otherwise by now: what stands there is what is to be corrected.
      refresh(transcript);
      for (const part of form.elements) part.disabled = false;
      input.focus();
      failed(error);
    }
  }

  const grow = () => {
    input.style.setProperty("height", "auto");
    input.style.setProperty("height", `${input.scrollHeight + 2}px`);
  };
  form.addEventListener("submit", (/** @type {Event} */ e) => {
    e.preventDefault();
    const text = input.value.trim();
    if (!text || text === event.text) close();
    else keep(() => send("PATCH", path, { text, was: event.text }), "Corrected.");
  });
  input.addEventListener("input", grow);
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ e) => {
    if (e.key === "Escape") {
      e.preventDefault();
      e.stopPropagation();
      close();
    } else if (e.key === "Enter" && !e.isComposing && (many ? e.ctrlKey || e.metaKey : !e.shiftKey)) {
      e.preventDefault();
      form.requestSubmit();
    }
  });
  transcript.follow(false);
  line.text.replaceWith(form);
  grow();
  input.focus();
}

/**
 * Show what stands in the library now: slides that still show a corrected line are corrected with it.
 * @param {import("./transcript.js").Transcript} transcript
 */
async function refresh(transcript) {
  try {
    const { events } = await get(`${mediaPath(transcript.media.id)}/timeline?format=json`);
    // Indexed anew it may have other lines; those are shown when it is opened again.
    if (events.length !== transcript.lines.length) return;
    transcript.lines.forEach((line, at) => {
      const now = events[at];
      if (now.text !== line.event.text || now.corrected !== line.event.corrected) transcript.change(line, now);
    });
  } catch {
    // What is shown stays as it is.
  }
}
