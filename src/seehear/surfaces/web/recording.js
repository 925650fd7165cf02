/**
 * The page of one recording: it plays, shows what was seen and heard, and answers.
 * @module recording
 */

import { get, mediaPath } from "./api.js";
import { Ask } from "./ask.js";
import { placesOf } from "./answer.js";
import { correct } from "./correct.js";
import { el, fill } from "./dom.js";
import { Find } from "./find.js";
import { icon } from "./icons.js";
import { bind } from "./keys.js";
import { live } from "./live.js";
import { Player, picturesOf } from "./player.js";
import { wordRanges } from "./ranges.js";
import { toast, whisper } from "./say.js";
import { scopeOf } from "./scope.js";
import { Strip } from "./strip.js";
import { clock, momentOf, plural } from "./times.js";
import { Transcript } from "./transcript.js";

const STEP_S = 5;
const FORMATS = [["srt", "Subtitles (SRT)"], ["vtt", "Subtitles (WebVTT)"], ["md", "Study notes (Markdown)"], ["chapters", "Chapters"], ["text", "Plain text"], ["json", "Everything (JSON)"]];

/**
 * @param {HTMLElement} root
 * @param {string} id
 * @returns {import("./main.js").View}
 */
export function openRecording(root, id) {
  document.title = "Recording · seehear";
  document.body.dataset.view = "recording";
  root.className = "recording";
  fill(root, el("p", { class: "loading soft" }, "Opening…"));
  const closing = new AbortController();
  const { signal } = closing;
  /** @type {(() => void)[]} */
  let ends = [];
  let shown = false;

  document.getElementById("add")?.addEventListener("click", () => {
    history.pushState(null, "", "/#add");
    dispatchEvent(new PopStateEvent("popstate"));
  }, { signal });

  async function load() {
    try {
      const [media, timeline] = await Promise.all([
        get(mediaPath(id), { signal }), get(`${mediaPath(id)}/timeline?format=json`, { signal }),
      ]);
      shown = true;
      ends = show(root, media, timeline, signal);
    } catch (error) {
      const why = /** @type {any} */ (error);
      if (why.name === "AbortError" || why.status === 401) return;
      const gone = why.status === 404;
      fill(root, el("section", { class: "message" },
        el("h1", {}, gone ? "This recording is not in the library" : "This recording cannot be shown"),
        gone ? el("p", {}, "It may have been removed, or the link may be cut off.") : el("p", {}, why.message),
        !gone && why.hint && el("p", { class: "hint" }, why.hint), el("a", { class: "button", href: "/" }, "To the library")));
    }
  }
  live.addEventListener("here", () => !shown && load(), { signal });
  load();
  return {
    close() {
      closing.abort();
      ends.forEach((end) => end());
      wordRanges.clear();
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {any} media
 * @param {any} timeline
 * @param {AbortSignal} signal
 * @returns {(() => void)[]} what to do when the page is left
 */
function show(root, media, timeline, signal) {
  document.title = `${media.title} · seehear`;
  const { events, gaps } = timeline;
  const chapters = media.chapters ?? [];
  const still = media.kind === "image";
  const pictureAt = picturesOf(media.id, events);
  const player = new Player(media, pictureAt);
  const seek = (/** @type {number} */ time_s) => player.seek(time_s);
  const strip = still ? null : new Strip({ media, events, gaps, chapters, onSeek: seek });
  const transcript = new Transcript({ media, events, gaps, chapters, onSeek: seek, onCorrect: (line) => correct(transcript, line) });
  const find = new Find(transcript);
  let resting = /** @type {any[]} */ ([]);

  /** @param {any[]} places @param {number} time_s */
  function go(places, time_s) {
    seek(time_s);
    const meant = places.length ? places.slice(0, 1) : [{ start_s: time_s, end_s: time_s + 0.5 }];
    transcript.follow(false);
    // What was shown and what was said over it make one place of the answer.
    const active = resting.filter((one) => meant.some((m) => m.start_s < one.end_s && one.start_s < m.end_s));
    strip?.rests(active.length ? resting : [...resting, ...meant], active.length ? active : meant);
    transcript.rests(active.length ? active : meant, true);
    const box = player.node.getBoundingClientRect();
    if (box.top < 0 || box.bottom < 120) player.node.scrollIntoView({ block: "nearest" });
    whisper(`At ${clock(time_s)}`);
  }

  /** @param {any} answer */
  function onAnswer(answer) {
    resting = !answer || answer.supported === false ? [] : placesOf(answer).slice(0, answer.citations?.length ?? 0).filter((one) => one.media === media.id);
    strip?.rests(resting, []);
    transcript.rests(resting, false);
  }

  const ask = new Ask({
    here: media.id, scope: history.state?.scope ?? scopeOf([media.id]), go, onAnswer,
    picture: (place) => (place.media === media.id && place.kind !== "transcript" ? pictureAt(place.start_s + 0.1) : null),
    suggestions: still ? ["What does it say?"] : ["Summarise it in three sentences", "List the topics, with times"],
    onScope: (scope) => history.replaceState({ ...history.state, scope }, ""),
  });

  const follow = el("button", { type: "button", class: "small follow", "aria-pressed": "true", title: "Keep up with playback (f)", on: { click: () => transcript.follow(!transcript.following) } }, icon("follow"), el("span", {}, "Follow"));
  transcript.onFollow = (on) => follow.setAttribute("aria-pressed", String(on));
  const only = el("fieldset", { class: "segments" }, el("legend", { class: "quiet" }, "Show"),
    [["", "All"], ["said", "Said"], ["shown", "Shown"], ...(chapters.length > 1 ? [["chapters", "Chapters"]] : [])].map(([value, label]) =>
      el("label", {}, el("input", { type: "radio", name: "only", value, checked: value === "", on: { change: () => (side.dataset.only = value) } }), el("span", {}, label))));
  const contents = el("ol", { class: "contents" }, chapters.map((/** @type {any} */ chapter) => el("li", {},
    el("button", { type: "button", on: { click: () => seek(chapter.start_s) } }, el("span", { class: "time" }, clock(chapter.start_s)), el("span", {}, chapter.title)))));
  const side = el("aside", { class: "side", "aria-label": "Transcript", data: { only: "" } },
    el("div", { class: "side-head" }, find.node, el("div", { class: "row" }, still ? null : only, el("span", { class: "grow" }), still ? null : follow)),
    el("nav", { class: "scroller contents-panel", "aria-label": "Chapters" }, contents), transcript.node,
    events.length ? null : el("p", { class: "soft none" }, "Nothing was seen or heard in this recording."));

  const tabs = el("fieldset", { class: "segments panes" }, el("legend", { class: "quiet" }, "Panel"),
    [["ask", "Ask"], ["side", still ? "Text" : "Transcript"]].map(([value, label]) => el("label", {},
      el("input", { type: "radio", name: "pane", value, checked: value === "ask", on: { change: () => pane(value) } }), el("span", {}, label))));
  root.dataset.pane = "ask";
  fill(root,
    el("div", { class: "title-row" },
      el("a", { class: "back", href: "/", "aria-label": "Back to the library" }, icon("back")),
      el("div", { class: "titles" }, el("h1", { title: media.title }, media.title), source(media)),
      still ? null : el("button", { type: "button", class: "small", "aria-label": "Copy link to this moment", title: "Copy a link to this moment (c)", on: { click: () => copyLink() } }, icon("link"), el("span", { class: "wide" }, "Copy link")),
      menu(media, still)),
    el("div", { class: "viewer" }, notes(media, gaps), player.node, strip?.node),
    tabs, el("div", { class: "ask-pane" }, ask.node), side);

  let chapter = -1;
  player.addEventListener("time", () => {
    strip?.mark(player.time_s);
    if (!still) transcript.mark(player.time_s);
    const at = chapters.findLastIndex((/** @type {any} */ one) => one.start_s <= player.time_s + 0.02);
    if (at === chapter) return;
    contents.children[chapter]?.removeAttribute("aria-current");
    contents.children[at]?.setAttribute("aria-current", "true");
    chapter = at;
  });

  async function copyLink() {
    const url = `${location.origin}/m/${media.id}#t=${Math.floor(player.time_s)}`;
    history.replaceState(history.state, "", url);
    try {
      await navigator.clipboard.writeText(url);
      toast(`The link to ${clock(player.time_s)} is copied.`);
    } catch {
      // Browsers lend the clipboard to secure pages only; elsewhere a person copies by hand.
      const box = el("input", { value: url, readonly: true, "aria-label": `Link to ${clock(player.time_s)}` });
      toast("Copy this link:", { more: box });
      box.select();
    }
  }

  const fromAddress = () => {
    const at_s = momentOf(location.hash);
    if (at_s !== null) seek(at_s);
  };
  addEventListener("hashchange", fromAddress, { signal });
  player.element?.addEventListener("loadedmetadata", fromAddress, { once: true });
  fromAddress();
  strip?.mark(player.time_s);

  const toLine = (/** @type {1 | -1} */ by) => {
    const at_s = transcript.next(transcript.said.length ? transcript.said : transcript.shown, player.time_s, by);
    if (at_s !== null) seek(at_s);
  };
  const toSlide = (/** @type {1 | -1} */ by) => {
    const at_s = transcript.next(transcript.shown, player.time_s, by);
    if (at_s !== null) seek(at_s);
  };
  const release = bind("Recording", [
    { keys: [" "], shown: "Space", does: "play, pause", run: () => player.toggle() },
    { keys: ["ArrowLeft"], shown: "←", does: "5 seconds back", run: () => seek(player.time_s - STEP_S) },
    { keys: ["ArrowRight"], shown: "→", does: "5 seconds on", run: () => seek(player.time_s + STEP_S) },
    { keys: ["j"], shown: "j", does: "next line", run: () => toLine(1) },
    { keys: ["k"], shown: "k", does: "line before", run: () => toLine(-1) },
    { keys: ["n"], shown: "n", does: "next slide", run: () => toSlide(1) },
    { keys: ["p"], shown: "p", does: "slide before", run: () => toSlide(-1) },
    { keys: ["/"], shown: "/", does: "find in this recording", run: () => { pane("side"); find.input.focus(); } },
    { keys: ["a"], shown: "a", does: "ask", run: () => { pane("ask"); ask.focus(); } },
    { keys: ["f"], shown: "f", does: "follow playback, or stop following", run: () => transcript.follow(!transcript.following) },
    { keys: ["e"], shown: "e", does: "correct the line that plays", run: () => {
      const line = transcript.lineAt(player.time_s) ?? transcript.lines[0];
      pane("side");
      if (line) correct(transcript, line);
    } },
    { keys: ["c"], shown: "c", does: "copy a link to this moment", run: () => copyLink() },
  ]);
  /** On a phone one panel shows at a time. @param {string} name */
  function pane(name) {
    root.dataset.pane = name;
    const input = tabs.querySelector(`input[value=${name}]`);
    if (input) input.checked = true;
    if (name === "side") transcript.show(transcript.now_said ?? transcript.now_shown, false);
  }
  return [release, () => player.close(), () => strip?.close(), () => ask.close()];
}

/** Where a recording came from. @param {any} media */
function source(media) {
  if (!media.source_url || !URL.canParse(media.source_url)) return null;
  const url = new URL(media.source_url);
  // Whoever named the address may have meant a script by it.
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  return el("a", { class: "source soft", href: url.href, target: "_blank", rel: "noopener noreferrer" }, url.hostname);
}

/** @param {any} media @param {boolean} still */
function menu(media, still) {
  const links = FORMATS.filter(([format]) => !still || ["md", "text", "json"].includes(format)).map(([format, label]) => el("li", {},
    el("a", { href: `${mediaPath(media.id)}/timeline?format=${format}&download=1`, download: "" }, label)));
  const details = el("details", { class: "menu" },
    el("summary", { class: "button small", "aria-label": "Download" }, icon("download"), el("span", { class: "wide" }, "Download")),
    el("ul", {}, links));
  details.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary")?.focus();
  });
  details.addEventListener("focusout", (/** @type {FocusEvent} */ event) => {
    if (!details.contains(/** @type {Node | null} */ (event.relatedTarget))) details.open = false;
  });
  return details;
}

/** What could not be seen or heard, and what the decoder warned of. @param {any} media @param {any[]} gaps */
function notes(media, gaps) {
  const warnings = media.warnings ?? [];
  if (!gaps.length && !warnings.length) return null;
  const missing_s = gaps.reduce((sum, gap) => sum + gap.end_s - gap.start_s, 0);
  return el("details", { class: "notes", open: warnings.length > 0 },
    el("summary", {}, icon("warning"), gaps.length ? `${plural(gaps.length, "gap")}, ${clock(missing_s)} in all, could not be seen or heard` : plural(warnings.length, "remark")),
    el("ul", {}, gaps.map((gap) => el("li", {}, el("span", { class: "time" }, `${clock(gap.start_s)}–${clock(gap.end_s)}`), ` ${gap.reason}`)),
      warnings.map((/** @type {string} */ warning) => el("li", {}, warning))));
}
