/**
 * Captions: which recording a file of subtitles belongs to, by its name, as beside a file on the command line.
 * @module captions
 */

const CAPTIONS = /\.(srt|vtt|webvtt)$/i;
// A language (`en`, `pt-BR`) or a flag; the server knows which are languages and which only look like one.
const TAG = /^([a-z]{2,3}([-_][a-z0-9]+)*|forced|default|auto|orig)$/;

/** @param {File} file */
export const isCaptions = (file) => CAPTIONS.test(file.name);

/** @param {string} name */
export const titleOf = (name) => name.replace(/\.[^.]*$/, "");

/**
 * Every name that captions may belong to: theirs, then with language and flags taken off.
 * @param {string} name
 */
function ownersOf(name) {
  const parts = titleOf(name).toLowerCase().split(".");
  const found = [parts.join(".")];
  while (parts.length > 1 && TAG.test(parts.at(-1) ?? "")) {
    parts.pop();
    found.push(parts.join("."));
  }
  return found;
}

/**
 * Tell whether captions belong to a recording of this file name or title.
 * @param {string} captions @param {string} recording
 */
export function goWith(captions, recording) {
  const owners = ownersOf(captions);
  return owners.includes(recording.toLowerCase()) || owners.includes(titleOf(recording).toLowerCase());
}
