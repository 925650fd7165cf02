/**
 * Seconds, bytes and counts as people read them.
 * @module times
 */

/**
 * `m:ss`, from an hour on `h:mm:ss`, rounded down to the second a player shows.
 * @param {number} time_s
 */
export function clock(time_s) {
  const whole = Math.floor(Math.max(0, Math.round(time_s * 1000) / 1000));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const seconds = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/**
 * Read `m:ss`, `h:mm:ss` or plain seconds; null where it is none of them.
 * @param {string} text
 * @returns {number | null}
 */
export function parseClock(text) {
  const found = /^(?:(?:(\d+):)?(\d{1,3}):)?(\d+(?:\.\d+)?)s?$/.exec(text.trim());
  if (!found) return null;
  return Number(found[1] ?? 0) * 3600 + Number(found[2] ?? 0) * 60 + Number(found[3]);
}

/**
 * The moment that an address points at (`#t=200`, `#t=3:20`), null where it points at none.
 * @param {string} hash
 */
export function momentOf(hash) {
  const found = /[#&]t=([\d:.]+)/.exec(hash);
  return found ? parseClock(found[1]) : null;
}

/**
 * How long something still takes, as people say it.
 * @param {number} left_s
 */
export function left(left_s) {
  if (left_s < 8) return "a few seconds left";
  if (left_s < 55) return `about ${Math.ceil(left_s / 10) * 10} s left`;
  if (left_s < 3300) return `about ${Math.max(1, Math.round(left_s / 60))} min left`;
  return `about ${(left_s / 3600).toFixed(1)} h left`;
}

/**
 * A length for people who listen: "2 minutes 5 seconds".
 * @param {number} time_s
 */
export function spoken(time_s) {
  const whole = Math.floor(time_s);
  const parts = [[Math.floor(whole / 3600), "hour"], [Math.floor((whole % 3600) / 60), "minute"], [whole % 60, "second"]];
  const told = parts.filter(([n]) => n).map(([n, unit]) => plural(Number(n), String(unit)));
  return told.join(" ") || "0 seconds";
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let n = bytes;
  while (n >= 1000 && at < units.length - 1) [n, at] = [n / 1000, at + 1];
  return `${n >= 100 || at === 0 ? Math.round(n) : n.toFixed(1)} ${units[at]}`;
}

/**
 * @param {number} n
 * @param {string} noun
 * @param {string} [many]
 */
export function plural(n, noun, many = `${noun}s`) {
  return `${n.toLocaleString("en")} ${n === 1 ? noun : many}`;
}
