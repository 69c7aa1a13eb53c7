// Numbers, times and states as people read them.
import { badge, make } from "./dom.js";

const STATES = {
  holds: "good", violated: "warn", broken: "bad", no_data: "warn", unreachable: "warn", invalid: "bad",
  "not evaluated": "quiet",
};
/** The order in which invariants need a look. */
const URGENCY = ["broken", "invalid", "violated", "unreachable", "no_data", "not evaluated", "holds"];
/** Characters of a condition that is shown at once. */
const LONG_QUERY = 200;
const SEVERITIES = ["critical", "warning", "info"];
export const PRIORITIES = [["urgent", "Urgent"], ["high", "High"], ["normal", "Normal"], ["low", "Low"]];
/** The order in which tickets need a person, with what a state means. */
export const TICKET_STATES = {
  proposed: ["warn", "Waiting for a decision"],
  failed: ["bad", "The agent could not help"],
  reopened: ["warn", "Came back"],
  open: ["warn", "Nobody works on it yet"],
  investigating: ["info", "An agent looks for the cause"],
  approved: ["info", "A change is approved"],
  changing: ["info", "A change is being made"],
  verifying: ["info", "The invariants are watched after a change"],
  resolved: ["good", "Resolved"],
  closed: ["quiet", "Closed"],
};
const CHANGES = { started: "info", done: "good", failed: "bad", stuck: "bad", undone: "warn" };
const VERDICTS = { likely: "good", refuted: "bad", open: "info" };

const spaced = (text) => String(text).replaceAll("_", " ");

export const stateBadge = (state) => badge(spaced(state), STATES[state] ?? "quiet");
export const ticketBadge = (state) => badge(state, TICKET_STATES[state]?.[0] ?? "quiet");
export const changeBadge = (state) => badge(state, CHANGES[state] ?? "quiet");
export const verdictBadge = (verdict) => badge(verdict, VERDICTS[verdict] ?? "quiet");

/** Invariants, those that do not hold first. */
export const sortInvariants = (found) => {
  const rank = (each) => 10 * URGENCY.indexOf(each.state) + SEVERITIES.indexOf(each.severity);
  return [...found].sort(
    (a, b) => rank(a) - rank(b) || a.subject.localeCompare(b.subject) || a.name.localeCompare(b.name),
  );
};

export const showCount = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export const showValue = (value, locale) => {
  if (value == null) return "no value";
  const size = Math.abs(value);
  const isFar = size !== 0 && (size >= 1e9 || size < 1e-4);
  const notation = isFar ? "scientific" : "standard";
  return value.toLocaleString(locale, { maximumSignificantDigits: 4, notation });
};

export const showCondition = (each, locale) =>
  `${each.query} ${each.operator} ${showValue(each.threshold, locale)}`;

/** What is said of an invariant that does not hold, unless that is only its value again. */
export const showMessage = (each) => {
  if (each.state === "holds" || !each.message) return undefined;
  const number = Number(each.message);
  const isValue = each.value != null && Math.abs(number - each.value) <= 1e-4 * Math.abs(each.value);
  return isValue ? undefined : make("p", { class: "care-quiet care-quote" }, each.message);
};

/** What an invariant demands. Of one that does not hold, a bare demand would be read as what is. */
export const describeDemand = (each) => {
  if (!each.summary) return undefined;
  const text = each.state === "holds" ? each.summary : `It should be: ${each.summary}`;
  return make("p", { class: "care-quote" }, text);
};

/** What must hold. Queries that nobody has written by hand, or that fill the view, are folded. */
export const describeCondition = (each, locale) => {
  const whole = showCondition(each, locale);
  if (whole.length <= LONG_QUERY) return make("p", { class: "care-code" }, whole);
  const limit = `${each.operator} ${showValue(each.threshold, locale)}`;
  return make("details", { class: "care-more" },
    make("summary", {}, `must be ${limit}: query`), make("p", { class: "care-code" }, whole));
};

/** A moment: the time alone if it is today's. */
export const showTime = (at, locale) => {
  const moment = new Date(at * 1000);
  const isToday = moment.toDateString() === new Date().toDateString();
  return isToday ? moment.toLocaleTimeString(locale) : moment.toLocaleString(locale);
};

/** A moment on an axis, as short as its span allows. */
export const showShortTime = (at, span, locale) => {
  const moment = new Date(at * 1000);
  const seconds = span.end - span.start;
  const time = { hour: "numeric", minute: "2-digit", ...(seconds < 600 ? { second: "2-digit" } : {}) };
  return moment.toLocaleString(locale, seconds < 86_400 ? time : { month: "short", day: "numeric", ...time });
};

export const timeOf = (at, locale) =>
  make("time", { datetime: new Date(at * 1000).toISOString() }, showTime(at, locale));

/** How long ago, roughly. */
export const showAge = (at) => {
  const seconds = Math.max(0, Date.now() / 1000 - at);
  for (const [unit, size] of [["d", 86_400], ["h", 3_600], ["min", 60]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  }
  return `${Math.floor(seconds)} s`;
};
