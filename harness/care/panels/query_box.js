// A query over metrics or logs, with its curves or lines.
import { exactText, fault, fill, make } from "./dom.js";
import { drawAxis, drawCurve } from "./draw.js";
import { makeChoice } from "./forms.js";
import { showCount, showTime, showValue } from "./words.js";

const SPANS = [["900", "15 minutes"], ["3600", "1 hour"], ["21600", "6 hours"], ["86400", "24 hours"], ["604800", "7 days"]];
const SOURCES = [["metrics", "Metrics (PromQL)"], ["logs", "Logs (LogQL)"]];
const MOST_CURVES = 8;
const MOST_LINES = 100;
const MOST_LINE = 2_000;

/** `starts`: the query to begin with, for each source. */
export const makeQueryBox = (host, starts) => {
  const text = make("textarea", { class: "harness-input care-text care-mono", rows: 2, maxlength: 20_000, id: "care-query", spellcheck: "false" });
  const source = makeChoice("care-source", SOURCES);
  const span = makeChoice("care-span", SPANS, "3600");
  const send = make("button", { type: "submit", class: "harness-button" }, "Query");
  const answer = make("div", { class: "care-stack", "aria-live": "polite" });
  text.value = starts.metrics ?? "";
  source.addEventListener("change", () => {
    const before = source.value === "logs" ? starts.metrics : starts.logs;
    if (text.value.trim() === "" || text.value === before) text.value = starts[source.value] ?? "";
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });

  const form = make("form", { class: "care-form" },
    make("label", { for: "care-query" }, "Query"), text,
    make("div", { class: "care-row" },
      make("label", { for: "care-source", class: "care-hidden" }, "Source"), source,
      make("label", { for: "care-span", class: "care-hidden" }, "Time"), span, send));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const query = text.value.trim();
    if (query === "") {
      fill(answer, fault({ message: "Write a query first." }));
      return;
    }
    send.disabled = true;
    const limit = source.value === "logs" ? MOST_LINES : MOST_CURVES;
    try {
      const found = await host.post("/care/query", { query, source: source.value, seconds: Number(span.value), limit });
      fill(answer, ...describeAnswer(found, host.locale));
    } catch (error) {
      fill(answer, fault(error));
    }
    send.disabled = false;
  });
  return make("div", { class: "care-stack" }, make("h2", {}, "Look at metrics and logs"), form, answer);
};

/** The curves or lines of an answer. */
export const describeAnswer = (found, locale) => {
  if (found.curves.length === 0 && found.lines.length === 0) {
    return [make("p", { class: "care-quiet" }, `The query matches nothing ${found.start == null ? "at this moment" : "in this time"}.`)];
  }
  const more = found.more > 0
    ? [make("p", { class: "care-quiet" }, found.lines.length > 0 ? "There are more lines: ask for less time." : `${showCount(found.more, "curve")} left out: these changed most.`)]
    : [];
  if (found.lines.length > 0) return [describeLines(found.lines, locale), ...more];
  const span = { start: found.start ?? found.end - 3600, end: found.end };
  return [
    make("ul", { class: "care-list", "aria-label": "Curves" },
      ...found.curves.slice(0, MOST_CURVES).map((each) => curveItem(each, span, locale))),
    found.start == null ? undefined : drawAxis(span, locale),
    ...more,
  ];
};

const curveItem = (curve, span, locale) => {
  const number = (value) => showValue(value, locale);
  const marks = curve.changes.map((each) => ({
    at: each.at, kind: "level",
    text: `${showTime(each.at, locale)}: from ${number(each.before)} to ${number(each.after)}`,
  }));
  return make("li", { class: "care-lane" },
    make("p", { class: "care-code" }, curve.name),
    make("p", { class: "care-quiet" }, `last ${number(curve.last)}, least ${number(curve.least)}, most ${number(curve.most)}, mean ${number(curve.mean)}`),
    curve.points.length > 1 ? drawCurve({ points: curve.points, span, name: curve.name.slice(0, 200), locale, marks }) : undefined,
    curve.trend ? make("p", { class: "care-quiet" }, `Moved steadily from ${number(curve.trend.first)} to ${number(curve.trend.last)}`) : undefined,
    curve.spike ? make("p", { class: "care-quiet" }, `Was ${number(curve.spike.value)} at ${showTime(curve.spike.at, locale)}, otherwise about ${number(curve.spike.usual)}`) : undefined,
    marks.length > 0 ? make("p", { class: "care-quiet" }, `Level changed at ${marks.map(({ text }) => text).join("; at ")}`) : undefined);
};

const describeLines = (lines, locale) =>
  make("ol", { class: "care-list care-lines", "aria-label": "Lines" },
    ...lines.slice(0, MOST_LINES).map((line) =>
      make("li", { dir: "auto" }, make("time", { class: "care-quiet" }, showTime(line.at, locale)), " ",
        line.text.length > MOST_LINE ? `${exactText(line.text.slice(0, MOST_LINE))} …` : line.text)));
