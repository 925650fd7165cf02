/**
 * Adding recordings: files, folders, an address.
 * @module add
 */

import { send } from "./api.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { failed, toast } from "./say.js";
import { plural } from "./times.js";
import { filesOf, upload } from "./uploads.js";

/** @param {File[]} files */
function take(files) {
  if (!files.length) return;
  const { taken, left_out } = upload(files);
  if (left_out) {
    toast(taken ? `${plural(left_out, "file")} left out: not a recording.` : "This is not a recording.",
      { bad: true, hint: "Videos, audio files and pictures can be added." });
  }
}

/** @param {boolean} folder */
function picker(folder) {
  const input = el("input", {
    type: "file", multiple: true, class: "quiet", tabindex: "-1", "aria-hidden": "true", webkitdirectory: folder,
    accept: folder ? null : "video/*,audio/*,image/*,.mkv", id: folder ? "folder-input" : "file-input",
  });
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  return input;
}

/**
 * The part of the library in which recordings are added.
 * @param {{big: boolean}} options `big` while there is nothing yet
 */
export function addPanel({ big }) {
  const chooseFiles = picker(false);
  const chooseFolder = picker(true);
  const wrong = el("p", { class: "bad-text", id: "url-wrong", role: "alert" });
  const url = el("input", {
    type: "url", id: "url", placeholder: "https://…", required: true, autocomplete: "off", inputmode: "url",
    "aria-label": "Address of a recording", "aria-describedby": "url-wrong",
  });
  const form = el("form", { class: "by-url" }, icon("link"), url, el("button", { type: "submit" }, "Add"));
  form.addEventListener("submit", async (/** @type {Event} */ event) => {
    event.preventDefault();
    fill(wrong);
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const job = await send("POST", "/api/v1/jobs", { url: url.value.trim() });
      form.dispatchEvent(new CustomEvent("added", { bubbles: true, detail: job }));
      url.value = "";
    } catch (error) {
      const why = /** @type {any} */ (error);
      if (why.status === 0) failed(error);
      else fill(wrong, [why.message, why.hint].filter(Boolean).join(" "));
      url.focus();
    } finally {
      button.disabled = false;
    }
  });
  return el("section", { class: big ? "add big" : "add", "aria-label": "Add recordings" },
    big && el("div", { class: "badge" }, icon("mark")),
    big ? el("h1", {}, "Ask your videos") : el("h2", { class: "quiet" }, "Add recordings"),
    el("p", { class: "lead" }, big
      ? "Drop a lecture, a talk, a meeting or a whole folder anywhere on this page. It is watched and listened to once; then it answers questions, with times that are true."
      : "Drop files or folders anywhere on this page, or"),
    el("div", { class: "ways" },
      el("button", { type: "button", class: big ? "primary" : "", on: { click: () => chooseFiles.click() } }, icon("upload"), "Choose files"),
      el("button", { type: "button", on: { click: () => chooseFolder.click() } }, icon("folder"), "Choose a folder"),
      form),
    wrong, chooseFiles, chooseFolder,
    big && el("ul", { class: "promises" },
      el("li", {}, icon("speech"), el("span", {}, el("b", {}, "Heard"), "Every word, with its second")),
      el("li", {}, icon("screen"), el("span", {}, el("b", {}, "Seen"), "Slides, bullets, code on screen")),
      el("li", {}, icon("none"), el("span", {}, el("b", {}, "Honest"), "It says when it is not in there"))));
}

/**
 * Take what is dropped anywhere on the page, until the signal.
 * @param {AbortSignal} signal
 */
export function takeDrops(signal) {
  let depth = 0;
  const veil = el("div", { class: "veil", "aria-hidden": "true" }, el("div", {}, icon("upload"), el("p", {}, "Drop to add")));
  const hide = () => {
    depth = 0;
    veil.remove();
  };
  const withFiles = (/** @type {DragEvent} */ e) => e.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (!withFiles(event)) return;
    depth += 1;
    document.body.append(veil);
  }, { signal });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) hide();
  }, { signal });
  addEventListener("dragover", (event) => withFiles(event) && event.preventDefault(), { signal });
  addEventListener("drop", (event) => {
    if (!event.dataTransfer || !withFiles(event)) return;
    event.preventDefault();
    hide();
    filesOf(event.dataTransfer).then(take, failed);
  }, { signal });
  signal.addEventListener("abort", hide);
}
