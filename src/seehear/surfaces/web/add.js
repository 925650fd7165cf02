/**
 * Adding recordings: files, folders, an address.
 * @module add
 */

import { get, mediaPath, send } from "./api.js";
import { goWith, isCaptions } from "./captions.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { failed, toast } from "./say.js";
import { plural } from "./times.js";
import { filesOf, folderOf, isMedia, putCaptions, sendAlong, upload } from "./uploads.js";

/** @param {File[]} files */
async function take(files) {
  const media = files.filter(isMedia);
  const captions = files.filter((file) => !isMedia(file) && isCaptions(file));
  const left_out = files.length - media.length - captions.length;
  const owner = (/** @type {File} */ one) => media.find(
    (file) => !file.type.startsWith("image/") && folderOf(file) === folderOf(one) && goWith(one.name, file.name));
  const paired = captions.filter(owner);
  upload(media, (file) => captions.filter((one) => owner(one) === file));
  if (paired.length === 1) toast(`${paired[0].name} is taken as the captions of ${owner(paired[0])?.name}.`);
  else if (paired.length) toast(`${plural(paired.length, "file")} of captions go with their recordings.`);
  if (left_out) {
    toast(media.length || captions.length ? `${plural(left_out, "file")} left out: not a recording.` : "This is not a recording.",
      { bad: true, hint: "Videos, audio files, pictures and captions can be added." });
  }
  for (const one of captions.filter((file) => !owner(file))) await takeAlone(one);
}

/** Captions that came without their recording: for one that is here, else by themselves. @param {File} file */
async function takeAlone(file) {
  const sent = sendAlong(file, goWith);
  if (sent) {
    toast(`${file.name} is taken as the captions of ${sent}.`);
    return;
  }
  const [{ media }, { jobs }] = await Promise.all([get("/api/v1/library"), get("/api/v1/jobs")]);
  const here = new Map(media.filter((/** @type {any} */ row) => ["video", "audio"].includes(row.kind))
    .map((/** @type {any} */ row) => [row.id, row.title]));
  for (const job of jobs) if (job.media && ["queued", "running"].includes(job.state)) here.set(job.media, job.title);
  const found = [...here].filter(([, title]) => goWith(file.name, title));
  if (found.length === 1) {
    await putCaptions(mediaPath(found[0][0]), file);
    toast(`${file.name} is taken as the captions of ${found[0][1]}, which is looked through anew.`);
  } else {
    upload([file]);
    toast(`${file.name} is added by itself: ${found.length ? `${found.length} recordings are` : "no recording here is"} called so.`,
      { hint: "Drop captions together with their video to use them there." });
  }
}

/** @param {boolean} folder */
function picker(folder) {
  const input = el("input", {
    type: "file", multiple: true, class: "quiet", tabindex: "-1", "aria-hidden": "true", webkitdirectory: folder,
    accept: folder ? null : "video/*,audio/*,image/*,.mkv,.srt,.vtt", id: folder ? "folder-input" : "file-input",
  });
  input.addEventListener("change", () => {
    take([...input.files]).catch(failed);
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
    filesOf(event.dataTransfer).then(take).catch(failed);
  }, { signal });
  signal.addEventListener("abort", hide);
}
