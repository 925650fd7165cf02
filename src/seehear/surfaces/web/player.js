/**
 * What plays a recording: video, audio, a picture, or, where the file is gone, the pictures that were kept.
 * All of them share one face: `time_s`, `seek`, `toggle`, and the event `time`.
 * @module player
 */

import { frameUrl, mediaPath } from "./api.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { clock } from "./times.js";

const HAIR_S = 0.01;

export class Player extends EventTarget {
  /**
   * @param {any} media the row of the recording
   * @param {(time_s: number) => string | null} pictureAt the kept picture of that moment
   */
  constructor(media, pictureAt) {
    super();
    this.media = media;
    this.pictureAt = pictureAt;
    this.time_s = 0;
    /** @type {HTMLMediaElement | null} */
    this.element = null;
    this.start_s = 0;
    this.seen = true;
    this.frame = 0;
    this.node = el("div", { class: `player ${media.kind}` });
    if (media.kind === "image") this.showImage();
    else if (media.kind === "captions") this.showKept("These are subtitles alone: there is nothing to play.");
    else if (media.has_file === false) this.showKept("The file of this recording is no longer where it was. What was seen and heard is all still here.");
    else this.showMedia();
  }

  showImage() {
    const src = this.media.has_file === false ? this.media.thumbnail : `${mediaPath(this.media.id)}/file`;
    fill(this.node, src ? el("a", { href: src, target: "_blank", rel: "noopener", "aria-label": "Open the picture in full size" },
      el("img", { src, alt: this.media.title })) : el("p", { class: "player-note" }, "The picture is no longer where it was."));
  }

  showMedia() {
    const { media } = this;
    const element = el(media.kind === "audio" ? "audio" : "video", {
      src: `${mediaPath(media.id)}/file`, controls: true, preload: "metadata", playsinline: true, id: "player",
      "aria-label": media.title, poster: media.kind === "audio" ? null : this.pictureAt(0),
    });
    this.element = element;
    for (const type of ["timeupdate", "seeking", "seeked"]) {
      element.addEventListener(type, () => this.tick());
    }
    element.addEventListener("loadedmetadata", () => {
      this.start_s = startOf(element, media.duration_s);
      this.seen = media.kind !== "video" || element.videoWidth > 0;
      if (!this.seen) this.node.append(el("p", { class: "player-note" }, icon("warning"), "This browser can play only the sound of this recording. What is shown are the pictures that were kept."));
      if (this.time_s) element.currentTime = this.start_s + this.time_s;
      this.tick();
    });
    element.addEventListener("play", () => {
      this.dispatchEvent(new Event("play"));
      const each = () => {
        this.tick();
        this.frame = element.paused ? 0 : requestAnimationFrame(each);
      };
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(each);
    });
    element.addEventListener("pause", () => this.dispatchEvent(new Event("pause")));
    element.addEventListener("error", () => {
      const at = this.time_s;
      this.element = null;
      this.showKept("This browser cannot play the format of this recording. Here is what was kept of it.");
      this.seek(at);
    });
    fill(this.node, media.kind === "audio" && el("div", { class: "audio-face", "aria-hidden": "true" }, icon("speech")), element);
  }

  /** @param {string} why */
  showKept(why) {
    this.kept = el("img", { alt: "" });
    this.at = el("span", { class: "time" }, "0:00");
    const some = this.pictureAt(Infinity) !== null;
    fill(this.node, some && el("div", { class: "kept" }, this.kept), el("p", { class: "player-note" }, icon("warning"), this.at, " ", why));
    this.seek(this.time_s);
  }

  tick() {
    // Before that, nobody knows which clock the browser goes by.
    if (!this.element?.readyState) return;
    this.time_s = Math.max(0, this.element.currentTime - this.start_s);
    const picture = this.seen ? null : this.pictureAt(this.time_s);
    if (picture && this.element.getAttribute("poster") !== picture) this.element.setAttribute("poster", picture);
    this.dispatchEvent(new Event("time"));
  }

  /** Go to a moment. @param {number} time_s */
  seek(time_s) {
    const end_s = this.media.duration_s || Infinity;
    // A hair past the moment: times come rounded, and one rounded down would show the frame before.
    const to_s = Math.min(Math.max(0, time_s) + HAIR_S, Math.max(0, end_s - 0.05));
    this.time_s = to_s;
    if (this.element?.readyState) this.element.currentTime = this.start_s + to_s;
    else if (this.kept) {
      const picture = this.pictureAt(to_s);
      this.kept.hidden = !picture;
      if (picture) this.kept.src = picture;
      fill(/** @type {Element} */ (this.at), clock(to_s));
    }
    this.dispatchEvent(new Event("time"));
  }

  get paused() {
    return !this.element || this.element.paused;
  }

  toggle() {
    if (!this.element) return;
    if (this.element.paused) this.element.play().catch(() => {});
    else this.element.pause();
  }

  close() {
    cancelAnimationFrame(this.frame);
    if (this.element) {
      this.element.pause();
      // Lets the connection go, of which a browser holds only six.
      this.element.removeAttribute("src");
      this.element.load();
    }
    this.element = null;
  }
}

/**
 * What the browser calls 0:00: some keep the clock that a recorder wrote into a file, where this page's times count from
 * its beginning. A start that is part of the recording, before which nothing was recorded, is part of its length too.
 * @param {HTMLMediaElement} element whose length is known, before anybody moved it
 * @param {number} duration_s
 */
function startOf(element, duration_s) {
  const [first_s, length_s] = [element.currentTime, element.duration];
  return Math.abs(length_s - duration_s) < Math.abs(length_s - duration_s - first_s) ? 0 : first_s;
}

/**
 * A function from a time to the picture that was kept of the screen then.
 * @param {string} media
 * @param {any[]} events
 */
export function picturesOf(media, events) {
  const shown = events.filter((event) => event.kind === "visual" && event.frame);
  return (/** @type {number} */ time_s) => {
    let found = null;
    for (const event of shown) {
      if (event.start_s > time_s + 0.05) break;
      found = event;
    }
    return found ? frameUrl(media, found.frame) : null;
  };
}
