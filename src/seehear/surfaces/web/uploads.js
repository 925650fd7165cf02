/**
 * Sending files: in pieces, one file after the other, going on where it stopped.
 * @module uploads
 */

import { Problem, request, send } from "./api.js";

const PIECE_BYTES = 4 * 1024 * 1024;
const TRIES = 6;
const KNOWN = "seehear.uploads";
const MEDIA = /\.(mp4|m4v|mov|mkv|webm|avi|ts|mts|m2ts|flv|wmv|asf|mpg|mpeg|m2v|vob|ogv|3gp|3g2|mxf|f4v|mp3|m4a|m4b|wav|flac|ogg|oga|opus|aac|wma|aif|aiff|mka|ac3|amr|caf|png|jpg|jpeg|webp|gif|bmp|tif|tiff)$/i;

/**
 * @typedef {object} Upload
 * @property {string} key what the file is recognised by when it is dropped again
 * @property {string} name
 * @property {number} size_bytes
 * @property {number} sent_bytes
 * @property {"waiting" | "sending" | "retrying" | "broken" | "failed" | "remembered" | "sent" | "gone"} state
 * @property {number | null} left_s
 * @property {string | null} id the server's name for it
 * @property {{message: string, hint: string} | null} error
 */

/** Event `change` (detail: the Upload) and `sent` (detail: the job it became). */
export const uploads = new EventTarget();

/** @type {Map<string, Upload>} */
const all = new Map();
/** @type {Map<string, File>} */
const files = new Map();
/** Captions that are still to be sent along. @type {Map<string, File[]>} */
const captions = new Map();
/** @type {string[]} */
const queue = [];
/** @type {AbortController | null} */
let sending = null;
let current = "";

/** Every upload there is, those of an earlier visit included. @returns {Upload[]} */
export const listed = () => [...all.values()];

/** @returns {Record<string, {id: string, name: string, size_bytes: number}>} */
function known() {
  try {
    return JSON.parse(localStorage.getItem(KNOWN) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {(rows: ReturnType<typeof known>) => void} change */
function remember(change) {
  const rows = known();
  change(rows);
  try {
    localStorage.setItem(KNOWN, JSON.stringify(rows));
  } catch {
    // Without storage an upload cannot be taken up after a reload; all else works.
  }
}

/** @param {Upload} upload @param {Partial<Upload>} [change] */
function tell(upload, change = {}) {
  Object.assign(upload, change);
  if (upload.state === "sent" || upload.state === "gone") {
    all.delete(upload.key);
    files.delete(upload.key);
    captions.delete(upload.key);
    remember((rows) => delete rows[upload.key]);
  }
  uploads.dispatchEvent(new CustomEvent("change", { detail: upload }));
}

/** Look for uploads of an earlier visit that are not whole yet. */
export async function recall() {
  for (const [key, row] of Object.entries(known())) {
    if (all.has(key)) continue;
    try {
      const sent_bytes = await offsetOf(row.id);
      if (all.has(key)) continue;
      const upload = /** @type {Upload} */ ({ key, ...row, sent_bytes, state: "remembered", left_s: null, error: null });
      all.set(key, upload);
      tell(upload);
    } catch (error) {
      if (error instanceof Problem && (error.status === 404 || error.status === 410)) remember((rows) => delete rows[key]);
    }
  }
}

/** @param {string} id @param {AbortSignal} [signal] */
async function offsetOf(id, signal) {
  const response = await request(`/api/v1/uploads/${encodeURIComponent(id)}`, { method: "HEAD", signal });
  return Number(response.headers.get("Upload-Offset") ?? 0);
}

/** @param {File} file */
export const isMedia = (file) => /^(video|audio|image)\//.test(file.type) || MEDIA.test(file.name);

/** @param {Upload} one */
const underWay = (one) => ["waiting", "sending", "retrying"].includes(one.state);

/**
 * Send recordings, each with the captions that belong to it.
 * @param {File[]} chosen @param {(file: File) => File[]} [captionsOf]
 */
export function upload(chosen, captionsOf = () => []) {
  for (const file of chosen) {
    const key = `${file.name}\n${file.size}\n${file.lastModified}`;
    const before = all.get(key);
    if (before?.state !== "sending") captions.set(key, captionsOf(file));
    else captions.get(key)?.push(...captionsOf(file));
    if (before && underWay(before)) continue;
    const id = before?.id ?? known()[key]?.id ?? null;
    const fresh = /** @type {Upload} */ ({
      key, name: file.name, size_bytes: file.size, sent_bytes: before?.sent_bytes ?? 0, state: "waiting", left_s: null,
      id, error: null,
    });
    all.set(key, fresh);
    files.set(key, file);
    queue.push(key);
    tell(fresh);
  }
  next();
}

/**
 * Send captions along with a recording that is still being sent; returns its name, null where none of that name is.
 * @param {File} file @param {(captions: string, recording: string) => boolean} belongs
 */
export function sendAlong(file, belongs) {
  const one = listed().find((row) => underWay(row) && belongs(file.name, row.name));
  if (!one) return null;
  captions.set(one.key, [...(captions.get(one.key) ?? []), file]);
  return one.name;
}

/** @param {string} key */
export function again(key) {
  const file = files.get(key);
  const one = all.get(key);
  if (!file || !one) return;
  tell(one, { state: "waiting", error: null });
  queue.push(key);
  next();
}

/** @param {string} key */
export async function cancel(key) {
  const one = all.get(key);
  if (!one) return;
  const at = queue.indexOf(key);
  if (at >= 0) queue.splice(at, 1);
  if (current === key) sending?.abort();
  tell(one, { state: "gone" });
  if (one.id) await send("DELETE", `/api/v1/uploads/${encodeURIComponent(one.id)}`).catch(() => {});
}

async function next() {
  if (sending) return;
  const key = queue.shift();
  if (key === undefined) return;
  const one = all.get(key);
  const file = files.get(key);
  if (one && file) {
    sending = new AbortController();
    current = key;
    try {
      await sendWhole(one, file, sending.signal);
    } catch (error) {
      const why = /** @type {any} */ (error);
      if (why.name !== "AbortError") tell(one, { state: "failed", left_s: null, error: { message: why.message, hint: why.hint ?? "" } });
    }
    sending = null;
    current = "";
  }
  next();
}

/** @param {Upload} one @param {File} file @param {AbortSignal} signal */
async function sendWhole(one, file, signal) {
  let offset = await begin(one, signal);
  let failures = 0;
  const started = performance.now();
  const from = offset;
  for (;;) {
    tell(one, { state: failures ? "retrying" : "sending", sent_bytes: offset, left_s: leftOf(started, from, offset, file.size) });
    try {
      // Before the last piece: with that, the recording is looked through.
      for (let beside = captions.get(one.key) ?? []; beside.length; beside.shift()) {
        await putCaptions(`/api/v1/uploads/${encodeURIComponent(String(one.id))}`, beside[0], signal);
      }
      const piece = file.slice(offset, Math.min(file.size, offset + PIECE_BYTES));
      const response = await request(`/api/v1/uploads/${encodeURIComponent(String(one.id))}`, {
        method: "PATCH", body: await piece.arrayBuffer(), signal,
        headers: { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
      });
      failures = 0;
      if (response.status === 200) {
        const told = await response.json();
        tell(one, { state: "sent", sent_bytes: file.size });
        uploads.dispatchEvent(new CustomEvent("sent", { detail: told.job }));
        return;
      }
      offset = Number(response.headers.get("Upload-Offset") ?? offset + piece.size);
    } catch (error) {
      const why = /** @type {any} */ (error);
      const passing = why.status === 0 || why.status === 409 || why.status === 429 || why.status >= 500;
      if (why.name === "AbortError" || !passing || ++failures > TRIES) throw error;
      tell(one, { state: "retrying", left_s: null });
      await pause(400 * 2 ** failures, signal);
      offset = await offsetOf(String(one.id), signal).catch((e) => (e.status === 0 ? offset : Promise.reject(e)));
    }
  }
}

/**
 * Send captions for an upload or a recording, whichever lies at `path`.
 * @param {string} path @param {File} file @param {AbortSignal} [signal]
 */
export async function putCaptions(path, file, signal) {
  const to = `${path}/captions?name=${encodeURIComponent(file.name)}`;
  try {
    return await request(to, { method: "PUT", body: await file.arrayBuffer(), signal, headers: { "Content-Type": "text/plain" } });
  } catch (error) {
    const why = /** @type {any} */ (error);
    throw why instanceof Problem ? new Problem(why.status, `${file.name}: ${why.message}`, why.hint) : why;
  }
}

/** Begin, or go on with what the server has already. @param {Upload} one @param {AbortSignal} signal */
async function begin(one, signal) {
  if (one.id) {
    try {
      return await offsetOf(one.id, signal);
    } catch (error) {
      const gone = error instanceof Problem && (error.status === 404 || error.status === 410);
      if (!gone) throw error;
    }
  }
  const made = await send("POST", "/api/v1/uploads", { name: one.name, size_bytes: one.size_bytes }, { signal });
  tell(one, { id: made.id });
  remember((rows) => (rows[one.key] = { id: made.id, name: one.name, size_bytes: one.size_bytes }));
  return Number(made.offset ?? 0);
}

/** @param {number} started_ms @param {number} from @param {number} at @param {number} size_bytes */
function leftOf(started_ms, from, at, size_bytes) {
  const took_s = (performance.now() - started_ms) / 1000;
  return at > from && took_s > 0.5 ? ((size_bytes - at) / (at - from)) * took_s : null;
}

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, Math.min(ms, 8000));
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    }, { once: true });
  });
}

/** @type {WeakMap<File, string>} */
const folders = new WeakMap();

/** The folder that a chosen or dropped file came in, as far as the browser tells. @param {File} file */
export const folderOf = (file) => folders.get(file) ?? file.webkitRelativePath.slice(0, -file.name.length);

/**
 * The files of a drop, folders looked through.
 * @param {DataTransfer} dropped
 * @returns {Promise<File[]>}
 */
export async function filesOf(dropped) {
  const entries = [...dropped.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = /** @type {File[]} */ ([]);
  for (const entry of entries) {
    if (entry instanceof File) found.push(entry);
    else if (entry) await walk(entry, found);
  }
  return found;
}

/** @param {any} entry @param {File[]} found */
async function walk(entry, found) {
  if (entry.name.startsWith(".")) return;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    folders.set(file, entry.fullPath.slice(0, -entry.name.length));
    found.push(file);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}
