/**
 * What was asked and answered in this tab, per scope; kept through reloads, never sent anywhere but with a follow-up.
 * @module conversations
 */

const KEPT = "seehear.conversations";
const LONGEST_TURNS = 30;
const SENT_TURNS = 6;
const SENT_CITATIONS = 20;

/**
 * @typedef {object} Turn
 * @property {string} question
 * @property {any} answer the documented JSON of an answer, null while there is none
 */

/** @returns {Record<string, Turn[]>} */
function all() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {Record<string, Turn[]>} kept */
function keep(kept) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // Without storage a conversation ends with the page; nothing else changes.
  }
}

/** @param {string} scope @returns {Turn[]} */
export const turnsOf = (scope) => all()[scope] ?? [];

/** @param {string} scope @param {Turn} turn */
export function addTurn(scope, turn) {
  const kept = all();
  kept[scope] = [...(kept[scope] ?? []), turn].slice(-LONGEST_TURNS);
  keep(kept);
}

/** @param {string} scope */
export function forget(scope) {
  const kept = all();
  delete kept[scope];
  keep(kept);
}

/** What a follow-up question is read with. @param {string} scope */
export function historyOf(scope) {
  return turnsOf(scope).slice(-SENT_TURNS).map(({ question, answer }) => ({
    question, answer: answer.text,
    citations: answer.citations.slice(0, SENT_CITATIONS).map((/** @type {any} */ one) => ({
      media: one.media, start_s: one.start_s, end_s: one.end_s, quote: one.quote,
    })),
    read_as: answer.read_as ?? "",
  }));
}
