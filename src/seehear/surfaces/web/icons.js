/**
 * Icons, drawn on a 24 × 24 grid in the colour of the text around them; always decoration, never the only label.
 * @module icons
 */

const SVG = "http://www.w3.org/2000/svg";

/** @type {Record<string, string>} */
const PATHS = {
  mark: "M2 12c2.600-4.500 5.900-6.800 10-6.800s7.400 2.300 10 6.800c-2.600 4.500-5.900 6.800-10 6.800S4.600 16.500 2 12z M9 10.800v2.400 M12 9v6 M15 10.800v2.400",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14z M16 16l4.500 4.500",
  plus: "M12 5v14 M5 12h14",
  upload: "M12 16V5 M7.500 9.500L12 5l4.500 4.500 M5 19h14",
  folder: "M3.500 7.500a1.500 1.500 0 0 1 1.500-1.500h4l2 2.500h8a1.500 1.500 0 0 1 1.500 1.500v7a1.500 1.500 0 0 1-1.500 1.500H5a1.500 1.500 0 0 1-1.500-1.500z",
  link: "M10 14a4 4 0 0 0 6 .400l3-3a4 4 0 0 0-5.700-5.700l-1.200 1.200 M14 10a4 4 0 0 0-6-.400l-3 3a4 4 0 0 0 5.700 5.700l1.200-1.200",
  close: "M6 6l12 12 M18 6L6 18",
  check: "M5 12.500l4.500 4.500L19 7.500",
  retry: "M19.500 12a7.500 7.500 0 1 1-2.200-5.300 M19.500 4v4.500H15",
  pencil: "M4 20l1-4L16.500 4.500a2.100 2.100 0 0 1 3 3L8 19z",
  download: "M12 5v11 M7.500 11.500L12 16l4.500-4.500 M5 20h14",
  back: "M14.500 6l-6 6 6 6",
  up: "M6 14.500l6-6 6 6",
  down: "M6 9.500l6 6 6-6",
  send: "M5 12h13 M12.500 6.500L18 12l-5.500 5.500",
  stop: "M7.500 7.500h9v9h-9z",
  follow: "M4 8v8l6-4z M10.500 6H20 M13.500 12H20 M10.500 18H20",
  speech: "M4.500 11v2 M8 8v8 M12 5v14 M16 8.500v7 M19.500 11v2",
  screen: "M3.500 5.500h17v11h-17z M9 20h6",
  picture: "M4 5h16v14H4z M4 16l4.500-4.500 4 4 3-3L20 17 M15.500 9.500h.010",
  bin: "M5 7h14 M9.500 7V5h5v2 M7 7l1 12.500h8L17 7",
  none: "M12 20.500a8.500 8.500 0 1 0 0-17 8.500 8.500 0 0 0 0 17z M8.500 12h7",
  warning: "M12 4l9 15.500H3z M12 10v4.500 M12 17h.010",
  key: "M14 10a4.500 4.500 0 1 0-3.200 4.300L13 16.500h2.500V19H18v2h3v-3l-7-7z M8 9h.010",
  lines: "M5 7h14 M5 12h14 M5 17h9",
  help: "M9 9a3 3 0 1 1 4.500 2.600c-1 .600-1.500 1.200-1.500 2.400 M12 17.500h.010 M12 21.500a9.500 9.500 0 1 0 0-19 9.500 9.500 0 0 0 0 19z",
};

/**
 * @param {keyof typeof PATHS | string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.none);
  svg.append(path);
  return svg;
}
