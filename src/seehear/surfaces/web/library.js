/**
 * The library: what is in work, asking and searching everything, and every recording.
 * @module library
 */

import { get, send } from "./api.js";
import { addPanel, takeDrops } from "./add.js";
import { Ask } from "./ask.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { Jobs } from "./jobs.js";
import { bind } from "./keys.js";
import { live } from "./live.js";
import { confirmed, failed, whisper } from "./say.js";
import { idsOf, scopeOf } from "./scope.js";
import { Search } from "./search.js";
import { clock, plural, size, spoken } from "./times.js";

/**
 * @param {HTMLElement} root
 * @returns {import("./main.js").View}
 */
export function openLibrary(root) {
  document.title = "Library · seehear";
  root.className = "library";
  document.body.dataset.view = "library";
  const closing = new AbortController();
  const { signal } = closing;
  const input = /** @type {HTMLInputElement} */ (document.getElementById("search"));
  let rows = /** @type {any[]} */ ([]);
  const chosen = new Set(idsOf(history.state?.scope ?? "library") ?? []);
  let left_px = history.state?.scroll_px ?? 0;
  /** Once what was there is there again, go where one left it. */
  const comeBack = async () => {
    const to_px = left_px;
    left_px = 0;
    await jobs.loaded;
    if (to_px && !signal.aborted) scrollTo(0, to_px);
  };

  const jobs = new Jobs();
  const adding = el("div", { class: "adding" });
  const grid = el("ul", { class: "cards" });
  const summary = el("p", { class: "soft" });
  const shelf = el("section", { class: "shelf", "aria-labelledby": "shelf-title" },
    el("div", { class: "section-head" }, el("h2", { id: "shelf-title" }, "Recordings"), summary), grid);
  const ask = new Ask({
    here: null, scope: scopeOf([...chosen]), title: "Ask your recordings",
    suggestions: [], onScope: (scope) => {
      chosen.clear();
      for (const id of idsOf(scope) ?? []) chosen.add(id);
      for (const box of grid.querySelectorAll("input[type=checkbox]")) box.checked = chosen.has(box.value);
      history.replaceState({ ...history.state, scope }, "");
    },
  });
  const search = new Search({
    input, rows: () => rows, onShown: comeBack,
    onState: (active) => {
      for (const part of [ask.node, adding, shelf]) part.hidden = active;
      jobs.node.classList.toggle("aside", active);
    },
  });
  const trust = el("p", { class: "trust soft" });
  fill(root, el("h1", { class: "quiet" }, "Library"), search.node, ask.node, jobs.node, adding, shelf, trust);
  for (const part of [ask.node, shelf]) part.hidden = true;

  let big = /** @type {boolean | null} */ (null);
  let open = false;
  /** Show the ways to add: large while there is nothing, on request later. */
  function settleAdding() {
    const wanted = rows.length === 0 && jobs.rows.size === 0;
    const show = rows.length === 0 || open;
    if (!show) fill(adding);
    else if (big !== wanted || !adding.firstChild) fill(adding, addPanel({ big: wanted }));
    big = show ? wanted : null;
    document.getElementById("add")?.setAttribute("aria-expanded", String(show));
  }
  document.getElementById("add")?.addEventListener("click", () => {
    open = !open || rows.length === 0;
    input.value = "";
    search.look();
    settleAdding();
    adding.querySelector("button")?.focus();
  }, { signal });
  if (location.hash === "#add") {
    open = true;
    history.replaceState(history.state, "", "/");
  }
  jobs.node.addEventListener("settled", settleAdding);
  adding.addEventListener("added", (/** @type {CustomEvent} */ e) => jobs.put(e.detail));
  takeDrops(signal);

  async function load() {
    try {
      const told = await get("/api/v1/library", { signal });
      rows = told.media.reverse(); // the newest first
      show(told.bytes);
    } catch (error) {
      const why = /** @type {any} */ (error);
      if (why.status === 0 && !rows.length) {
        fill(grid, el("li", { class: "message" }, el("p", {}, why.message), el("p", { class: "hint" }, why.hint)));
        shelf.hidden = false;
      } else if (why.status !== 0) failed(error);
    }
  }

  /** @param {number} bytes */
  function show(bytes) {
    const searching = input.value.trim() !== "";
    ask.node.hidden = searching || rows.length === 0;
    shelf.hidden = searching || rows.length === 0;
    const total_s = rows.reduce((sum, row) => sum + (row.duration_s ?? 0), 0);
    fill(summary, [plural(rows.length, "recording"), clock(total_s), bytes ? size(bytes) : ""].filter(Boolean).join(" · "));
    const focused = grid.contains(document.activeElement) ? document.activeElement?.closest(".card")?.querySelector("a")?.getAttribute("href") : null;
    fill(grid, rows.map((row) => card(row)));
    if (focused) grid.querySelector(`a[href="${focused}"]`)?.focus();
    // What another tab removed cannot be asked any more.
    const gone = [...chosen].filter((id) => !rows.some((row) => row.id === id));
    for (const id of gone) chosen.delete(id);
    if (gone.length) ask.setScope(scopeOf([...chosen]));
    settleAdding();
    if (!searching) comeBack();
  }

  /** @param {any} row */
  function card(row) {
    const box = el("input", {
      type: "checkbox", value: row.id, checked: chosen.has(row.id), "aria-label": `Ask ${row.title}`, on: {
        change: () => {
          if (box.checked) chosen.add(row.id);
          else chosen.delete(row.id);
          ask.setScope(scopeOf([...chosen]));
          whisper(chosen.size ? `Asking ${plural(chosen.size, "recording")}` : "Asking the whole library");
        },
      },
    });
    const picture = row.thumbnail
      ? el("img", { src: row.thumbnail, alt: "", loading: "lazy", decoding: "async" })
      : el("span", { class: "no-picture" }, icon(row.kind === "image" ? "picture" : "speech"));
    return el("li", { class: "card" },
      el("div", { class: "card-picture" }, picture, row.kind !== "image" && el("span", { class: "length", "aria-hidden": "true" }, clock(row.duration_s))),
      el("div", { class: "card-text" },
        el("h3", {}, el("a", { href: `/m/${row.id}` }, row.title,
          row.kind !== "image" && el("span", { class: "quiet" }, `, ${spoken(row.duration_s)}`))),
        el("p", { class: "soft" }, about(row)),
        row.gaps > 0 && el("p", { class: "soft warn" }, icon("warning"), `${plural(row.gaps, "gap")}`)),
      el("label", { class: "choose", title: "Choose for asking" }, box, icon("check")),
      el("button", { type: "button", class: "bare remove", "aria-label": `Remove ${row.title}`, title: "Remove", on: { click: () => remove(row) } }, icon("bin")));
  }

  /** @param {any} row */
  async function remove(row) {
    const text = "What was seen and heard in it is forgotten, corrections included. A file that lies elsewhere on this machine is not touched.";
    if (!(await confirmed(`Remove “${row.title}”?`, text, "Remove it"))) return;
    try {
      await send("DELETE", `/api/v1/media/${row.id}`);
      if (chosen.delete(row.id)) ask.setScope(scopeOf([...chosen]));
      whisper(`${row.title} is removed.`);
      await load();
    } catch (error) {
      failed(error);
    }
  }

  get("/api/v1/backends", { signal }).then((told) => fill(trust, trustOf(told)), () => {});
  live.addEventListener("library", load, { signal });
  live.addEventListener("back", load, { signal });
  const release = bind("Library", [
    { keys: ["/"], shown: "/", does: "search everything", run: () => input.focus() },
    { keys: ["a"], shown: "a", does: "ask", run: () => ask.focus() },
    { keys: ["+", "n"], shown: "n", does: "add a recording", run: () => document.getElementById("add")?.click() },
  ]);
  load();
  return {
    close() {
      closing.abort();
      release();
      jobs.close();
      ask.close();
      search.close();
    },
  };
}

/** What was seen and heard, in words. @param {any} row */
function about(row) {
  const parts = [];
  const n = (/** @type {any} */ value) => (typeof value === "number" ? value : 0);
  if (n(row.seen)) parts.push(plural(n(row.seen), "thing shown", "things shown"));
  if (n(row.heard)) parts.push(plural(n(row.heard), "line heard", "lines heard"));
  if (!parts.length) parts.push(row.events ? plural(row.events, "moment") : "nothing seen or heard");
  if (row.language) parts.push(row.language);
  return parts.join(" · ");
}

/** Whether anything leaves this machine. @param {any} told */
function trustOf(told) {
  return told.leaving.length ? `Leaves this machine: ${told.leaving.join("; ")}` : "Everything stays on this machine.";
}
