/**
 * The server, as functions. Every failure is a Problem with what is wrong and what to do next.
 * @module api
 */

/**
 * A message of the server as a sentence: those begin in lower case, as on a terminal. Commands and names of files stay
 * as they are.
 * @param {string} text
 */
export const sentence = (text) =>
  text.replace(/^(?!(?:seehear|pip) )\p{Ll}(?=\p{L}*[ ,])/u, (first) => first.toUpperCase());

/** What went wrong, and what to do next; `status` 0 means that the server could not be reached. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {string} [hint]
   */
  constructor(status, message, hint = "") {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** Tells `needed` when the server wants a token. */
export const token = new EventTarget();

/**
 * A problem as the server tells it.
 * @param {number} status
 * @param {any} told
 */
export const problemIn = (status, told) =>
  new Problem(status, sentence(String(told.detail || told.title || `the server answered ${status}`)), sentence(String(told.hint ?? "")));

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
export async function problemOf(response) {
  let told = /** @type {any} */ ({});
  try {
    told = await response.json();
  } catch {
    // A proxy in between may answer with anything; the status says enough.
  }
  if (response.status === 401) token.dispatchEvent(new Event("needed"));
  return problemIn(response.status, told);
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (/** @type {any} */ (error).name === "AbortError") throw error;
    throw new Problem(0, "The server is away.", "Is `seehear serve` still running? The page goes on when it is back.");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/**
 * @param {string} path
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function get(path, options = {}) {
  return (await request(path, options)).json();
}

/**
 * @param {"POST" | "PATCH" | "DELETE"} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>} the answer, null where there is none
 */
export async function send(method, path, body, options = {}) {
  const sent = body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await request(path, { method, ...sent, ...options });
  if (response.status === 204) return null;
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/**
 * Send a question and read the events of its answer as they come.
 * @param {string} path
 * @param {unknown} body
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<{event: string, data: any}>}
 */
export async function* stream(path, body, signal) {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
  const response = await request(path, { method: "POST", headers, body: JSON.stringify(body), signal });
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  for (;;) {
    let part;
    try {
      part = await reader.read();
    } catch (error) {
      if (/** @type {any} */ (error).name === "AbortError") throw error;
      throw new Problem(0, "The connection broke before the answer was whole.", "Ask again.");
    }
    if (part.done) return;
    kept += part.value.replaceAll("\r\n", "\n");
    const blocks = kept.split("\n\n");
    kept = blocks.pop() ?? "";
    for (const block of blocks) {
      const read = readEvent(block);
      if (read) yield read;
    }
  }
}

/**
 * @param {string} block
 * @returns {{event: string, data: any} | null} null for a heartbeat
 */
function readEvent(block) {
  let event = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  return data.length ? { event, data: JSON.parse(data.join("\n")) } : null;
}

/** @param {string} id */
export const mediaPath = (id) => `/api/v1/media/${encodeURIComponent(id)}`;

/**
 * The kept picture of an event or moment, null where there is none; a path is taken as it is.
 * @param {string} media
 * @param {string | null | undefined} frame
 */
export function frameUrl(media, frame) {
  if (!frame) return null;
  return frame.startsWith("/") ? frame : `${mediaPath(media)}/frames/${encodeURIComponent(frame)}`;
}
