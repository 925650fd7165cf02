/**
 * What is being worked on: uploads of this browser and jobs of the server.
 * @module jobs
 */

import { get, send, sentence } from "./api.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { live } from "./live.js";
import { failed, whisper } from "./say.js";
import { left, size } from "./times.js";
import * as sending from "./uploads.js";

/**
 * @typedef {object} Job
 * @property {string | number} id
 * @property {string} title
 * @property {"upload" | "url" | "path"} source
 * @property {"queued" | "running" | "done" | "failed" | "cancelled"} state
 * @property {{name: string, done: number, total: number}[]} stages
 * @property {number | null} left_s
 * @property {string | null} media
 * @property {{message: string, hint: string} | null} error
 * @property {boolean} [forgotten] it left the list
 */

/** @type {Record<string, string>} */
const STAGES = {
  fetch: "Fetch", find: "Find slides", read: "Read the screen", describe: "Describe pictures", hear: "Listen",
  embed: "Make searchable",
};
/** @type {Record<string, string>} */
const STATES = { queued: "Waiting", running: "Working", done: "Ready", failed: "Failed", cancelled: "Stopped" };

/** The section with everything in work; hidden while there is nothing. */
export class Jobs {
  constructor() {
    this.list = el("ul", { class: "jobs" });
    this.clear = el("button", { type: "button", class: "small bare-text", on: { click: () => this.forgetFinished() } }, "Clear finished");
    this.node = el("section", { class: "work", "aria-labelledby": "work-title", hidden: true },
      el("div", { class: "section-head" }, el("h2", { id: "work-title" }, "In work"), this.clear), this.list);
    /** @type {Map<string, {row: Row, state: string, job: Job | null}>} */
    this.rows = new Map();
    this.closing = new AbortController();
    const { signal } = this.closing;
    live.addEventListener("job", (e) => this.put(/** @type {CustomEvent} */ (e).detail), { signal });
    live.addEventListener("back", () => this.load(), { signal });
    sending.uploads.addEventListener("change", (e) => this.putUpload(/** @type {CustomEvent} */ (e).detail), { signal });
    sending.uploads.addEventListener("sent", (e) => this.put(/** @type {CustomEvent} */ (e).detail), { signal });
    sending.listed().forEach((upload) => this.putUpload(upload));
    sending.recall();
    /** Settles when what stands above everything else is shown. */
    this.loaded = this.load();
  }

  close() {
    this.closing.abort();
  }

  async load() {
    try {
      const { jobs } = await get("/api/v1/jobs", { signal: this.closing.signal });
      const there = new Set(jobs.map((/** @type {Job} */ job) => `job ${job.id}`));
      for (const key of this.rows.keys()) if (key.startsWith("job ") && !there.has(key)) this.drop(key);
      jobs.forEach((/** @type {Job} */ job) => this.put(job));
    } catch (error) {
      if (/** @type {any} */ (error).status !== 0) failed(error);
    }
  }

  /** @param {string} key */
  row(key) {
    let held = this.rows.get(key);
    if (!held) {
      held = { row: new Row(), state: "", job: null };
      this.rows.set(key, held);
      this.list.append(held.row.node);
    }
    return held;
  }

  /** @param {string} key */
  drop(key) {
    const held = this.rows.get(key);
    if (!held) return;
    const hadFocus = held.row.node.contains(document.activeElement);
    held.row.node.remove();
    this.rows.delete(key);
    if (hadFocus) (this.list.querySelector("button, a") ?? document.getElementById("add"))?.focus();
    this.settle();
  }

  settle() {
    const states = [...this.rows.values()].map((held) => held.state);
    this.node.hidden = !states.length;
    this.clear.hidden = states.filter((state) => ["done", "failed", "cancelled"].includes(state)).length < 2;
    fill(/** @type {Element} */ (this.node.querySelector("h2")),
      states.some((s) => !["done", "failed", "cancelled"].includes(s)) ? "In work" : "Finished");
    this.node.dispatchEvent(new Event("settled"));
  }

  async forgetFinished() {
    const over = [...this.rows.values()].map(({ job }) => job).filter((job) => job && ["done", "failed", "cancelled"].includes(job.state));
    for (const job of over) if (job) await this.remove(job);
  }

  /** @param {Job} job */
  async remove(job) {
    try {
      await send("DELETE", `/api/v1/jobs/${encodeURIComponent(job.id)}`);
      if (["done", "failed", "cancelled"].includes(job.state)) this.drop(`job ${job.id}`);
      else await this.load();
    } catch (error) {
      if (/** @type {any} */ (error).status === 404) this.drop(`job ${job.id}`);
      else failed(error);
    }
  }

  /** @param {Job} job */
  put(job) {
    if (job.forgotten) {
      this.drop(`job ${job.id}`);
      return;
    }
    const held = this.row(`job ${job.id}`);
    const told = held.state && held.state !== job.state;
    held.state = job.state;
    held.job = job;
    const { row } = held;
    row.name(job.title, job.media && job.state === "done" ? `/m/${job.media}` : null);
    row.state(job.state, STATES[job.state] ?? job.state, job.state === "running" && job.left_s !== null ? left(job.left_s) : "");
    row.stages(job.state === "queued" || job.state === "running"
      ? job.stages.map((stage) => ({ name: STAGES[stage.name] ?? stage.name, part: stage.total > 0 ? stage.done / stage.total : 0 }))
      : []);
    const error = job.error && { message: sentence(job.error.message), hint: sentence(job.error.hint ?? "") };
    row.problem(job.state === "failed" ? error : null);
    const name = job.title;
    if (job.state === "queued" || job.state === "running") row.actions([["close", `Stop working on ${name}`, "Stop", () => this.remove(job)]]);
    else if (job.state === "done") {
      row.actions([["close", `Take ${name} off this list`, "", () => this.remove(job)]]);
    } else {
      row.actions([
        ["retry", `Try ${name} again`, "Try again", async () => {
          try {
            this.put(await send("POST", `/api/v1/jobs/${encodeURIComponent(job.id)}/retry`));
          } catch (error) {
            failed(error);
          }
        }],
        ["close", `Take ${name} off this list`, "", () => this.remove(job)],
      ]);
    }
    if (told && job.state !== "running") whisper(`${name}: ${STATES[job.state]}. ${error?.message ?? ""}`);
    this.settle();
  }

  /** @param {sending.Upload} upload */
  putUpload(upload) {
    const key = `upload ${upload.key}`;
    if (upload.state === "sent" || upload.state === "gone") {
      this.drop(key);
      return;
    }
    const held = this.row(key);
    held.state = upload.state;
    const { row } = held;
    const part = upload.size_bytes ? upload.sent_bytes / upload.size_bytes : 0;
    row.name(upload.name, null);
    const words = {
      waiting: "Waiting to be sent", sending: "Uploading", retrying: "The connection broke; trying again", broken: "", failed: "Not sent",
      remembered: `${Math.floor(part * 100)} % sent. Drop the same file here to go on`, sent: "", gone: "",
    }[upload.state];
    row.state(upload.state, words, upload.state === "sending"
      ? `${size(upload.sent_bytes)} of ${size(upload.size_bytes)}${upload.left_s === null ? "" : `, ${left(upload.left_s)}`}` : "");
    row.stages(upload.state === "failed" ? [] : [{ name: "Upload", part }]);
    row.problem(upload.error);
    row.actions([
      ...(upload.state === "failed" ? [/** @type {Action} */ (["retry", `Send ${upload.name} again`, "Try again", () => sending.again(upload.key)])] : []),
      ["close", `Do not send ${upload.name}`, upload.state === "failed" ? "" : "Cancel", () => sending.cancel(upload.key)],
    ]);
    this.settle();
  }
}

/** @typedef {[string, string, string, () => void]} Action icon, label, text, what it does */

/** One line of the list; parts are changed in place, so that the focus stays where it is. */
class Row {
  constructor() {
    this.title = el("p", { class: "job-title" });
    this.status = el("p", { class: "job-state" });
    this.bars = el("div", { class: "steps" });
    this.error = el("div", { class: "job-error" });
    this.buttons = el("div", { class: "job-actions" });
    this.node = el("li", { class: "job" }, el("div", { class: "job-main" }, this.title, this.status, this.bars, this.error), this.buttons);
    this.shown = { name: "", actions: "", stages: "" };
  }

  /** @param {string} text @param {string | null} href */
  name(text, href) {
    if (this.shown.name === `${text}${href}`) return;
    this.shown.name = `${text}${href}`;
    fill(this.title, href ? el("a", { href }, text) : text);
  }

  /** @param {string} state @param {string} word @param {string} more */
  state(state, word, more) {
    this.node.dataset.state = state;
    fill(this.status, el("span", { class: "dot" }), word, more ? ` · ${more}` : "");
  }

  /** @param {{name: string, part: number}[]} stages */
  stages(stages) {
    const names = stages.map((stage) => stage.name).join();
    if (this.shown.stages !== names) {
      this.shown.stages = names;
      fill(this.bars, stages.map((stage) => el("div", { class: "step" },
        el("span", { class: "step-name" }, stage.name),
        el("div", { class: "meter", role: "progressbar", "aria-label": stage.name, "aria-valuemin": "0", "aria-valuemax": "100" }, el("div", {})))));
    }
    stages.forEach((stage, at) => {
      const percent = Math.min(100, Math.max(0, Math.floor(stage.part * 100)));
      const node = this.bars.children[at];
      node.dataset.done = String(percent >= 100);
      const meter = node.lastElementChild;
      meter.setAttribute("aria-valuenow", String(percent));
      meter.firstElementChild.style.setProperty("--part", String(percent / 100));
    });
  }

  /** @param {{message: string, hint: string} | null} error */
  problem(error) {
    fill(this.error, error && [el("p", {}, error.message), error.hint && el("p", { class: "hint" }, error.hint)]);
  }

  /** @param {Action[]} actions */
  actions(actions) {
    const key = actions.map(([, label]) => label).join("\n");
    this.run = actions.map(([, , , run]) => run);
    if (this.shown.actions === key) return;
    const hadFocus = this.buttons.contains(document.activeElement);
    this.shown.actions = key;
    fill(this.buttons, actions.map(([name, label, text], at) => el("button", {
      type: "button", class: text ? "small" : "bare", "aria-label": label, title: text ? null : label, on: { click: () => this.run?.[at]() },
    }, icon(name), text)));
    if (hadFocus) this.buttons.querySelector("button")?.focus();
  }
}

