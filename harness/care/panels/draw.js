// Curves as SVG. Coordinates of marks are per cent, so that they fit any width; the curve itself is
// in a picture of 100 by 100 that is stretched.
import { makeSvg } from "./dom.js";
import { showShortTime, showTime, showValue } from "./words.js";

const MOST_POINTS = 2_000;
const round = (number) => Math.round(number * 100) / 100;

/** The times from the first to the last point of some curves; undefined if they have none. */
export const spanOf = (curves) => {
  let start = Infinity;
  let end = -Infinity;
  for (const points of curves) {
    for (const [at] of points) {
      start = Math.min(start, at);
      end = Math.max(end, at);
    }
  }
  if (start > end) return undefined;
  return start === end ? { start: start - 30, end: end + 30 } : { start, end };
};

const placeOf = (at, span) => round((100 * (at - span.start)) / (span.end - span.start));

/** The marks that are in a span. */
export const findWithin = (marks, span) => marks.filter(({ at }) => at >= span.start && at <= span.end);

/** A curve. `threshold`: a line that it must not cross. `marks`: moments, each with its `at`,
 * `text` and `kind`. */
export const drawCurve = ({ points, span, name, locale, threshold, marks = [], className = "" }) => {
  const shown = points.slice(-MOST_POINTS);
  const values = shown.map(([, value]) => value).filter((value) => value != null);
  const picture = makeSvg("svg", {
    class: `care-curve ${className}`.trim(), role: "img",
    "aria-label": describe(name, shown, values, marks, locale),
  });
  if (values.length > 0) {
    const scale = scaleOf(values, threshold);
    const plot = makeSvg("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", width: "100%", height: "100%", "aria-hidden": "true" });
    if (threshold != null) {
      const y = scale(threshold);
      plot.append(makeSvg("line", { x1: 0, x2: 100, y1: y, y2: y, class: "care-threshold" }));
    }
    plot.append(makeSvg("path", { d: pathOf(shown, span, scale), class: "care-line" }));
    picture.append(plot);
  } else {
    picture.append(makeSvg("text", { x: "50%", y: "50%", "text-anchor": "middle", "dominant-baseline": "central" }, "no values"));
  }
  for (const mark of values.length > 0 ? findWithin(marks, span) : []) {
    const x = `${placeOf(mark.at, span)}%`;
    const line = makeSvg("line", { x1: x, x2: x, y1: "0%", y2: "100%", class: `care-mark care-mark-${mark.kind}` });
    line.append(makeSvg("title", {}, mark.text));
    picture.append(line);
  }
  return picture;
};

/** The curve in few pixels, as wide as its own values last. */
export const drawSpark = (each, locale) =>
  drawCurve({
    points: each.samples, span: spanOf([each.samples]) ?? { start: 0, end: 1 }, threshold: each.threshold,
    name: `${each.name} of ${each.subject}`, locale, className: "care-spark",
  });

/** The times below curves, with the numbers of marks above. */
export const drawAxis = (span, locale, marks = []) => {
  const axis = makeSvg("svg", { class: "care-axis", "aria-hidden": "true" });
  const shown = findWithin(marks, span);
  for (const mark of shown) {
    const x = placeOf(mark.at, span);
    const anchor = x < 3 ? "start" : x > 97 ? "end" : "middle";
    axis.append(makeSvg("text", { x: `${x}%`, y: 12, "text-anchor": anchor, class: "care-mark-number" }, mark.number));
  }
  const below = shown.length > 0 ? 28 : 12;
  for (const [share, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const at = span.start + share * (span.end - span.start);
    axis.append(makeSvg("text", { x: `${100 * share}%`, y: below, "text-anchor": anchor }, showShortTime(at, span, locale)));
  }
  axis.setAttribute("height", below + 4);
  return axis;
};

const scaleOf = (values, threshold) => {
  const all = threshold == null ? values : [...values, threshold];
  const least = all.reduce((a, b) => Math.min(a, b));
  const most = all.reduce((a, b) => Math.max(a, b));
  // A level line stands in the middle; others leave room for the width of the stroke.
  return (value) => (most === least ? 50 : round(94 - (88 * (value - least)) / (most - least)));
};

const pathOf = (points, span, scale) => {
  let path = "";
  let isOpen = false;
  for (const [at, value] of points) {
    if (value == null) {
      isOpen = false;
      continue;
    }
    const x = placeOf(at, span);
    // The first step of no length makes a point without neighbours visible.
    path += isOpen ? `L${x} ${scale(value)}` : `M${x} ${scale(value)}h0`;
    isOpen = true;
  }
  return path;
};

const describe = (name, points, values, marks, locale) => {
  if (values.length === 0) return `${name}: no values`;
  const number = (value) => showValue(value, locale);
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const times = `${showTime(points[0][0], locale)} to ${showTime(points.at(-1)[0], locale)}`;
  const marked = marks.length > 0 ? `; marked: ${marks.map(({ text }) => text).join("; ")}` : "";
  return `${name}, ${times}: least ${number(least)}, most ${number(most)}, last ${number(values.at(-1))}${marked}`.slice(0, 2_000);
};
