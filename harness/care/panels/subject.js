// One subject: its invariants and changes on one axis of time, its tickets, and queries.
import { button, fill, make, overviewLink, ticketLink } from "./dom.js";
import { drawAxis, drawCurve, findWithin, spanOf } from "./draw.js";
import { pressing } from "./forms.js";
import { makeQueryBox } from "./query_box.js";
import { keepRead } from "./refresh.js";
import { makeInvariantForm, makeSilences } from "./subject_acts.js";
import { changeItem, ticketItem } from "./ticket_item.js";
import { showAge, showCondition, showCount, showTime, showValue, sortInvariants, stateBadge } from "./words.js";

const EVERY_S = 5;
const CHANGES = { ask: "after approval", automatic: "without asking", never: "never" };

export const showSubject = (content, host, name) => {
  const { locale } = host;
  const notice = make("div", { class: "care-notice" });
  const head = make("div", { class: "care-part" });
  const body = make("div", { class: "care-stack" });
  const queries = make("section", { class: "care-part", hidden: true });
  const rest = make("div", { class: "care-stack" });
  const reads = { again: () => {} };
  const again = () => reads.again();
  const problem = make("div");
  const adding = host.role === "viewer" ? undefined : makeInvariantForm(host, name, again);
  const silences = makeSilences(host, name, again);
  const later = [adding, silences.element].filter(Boolean);
  for (const each of later) each.hidden = true;
  pressing(body, problem, async ({ key }) => {
    await host.delete(`/care/invariants/${encodeURIComponent(name)}/${encodeURIComponent(key)}`);
    again();
  });
  content.append(make("p", {}, overviewLink("All subjects")), notice, head, body, problem, ...later, queries, rest);
  let box;
  const load = async () => {
    const [found, { silences: silenced }] = await Promise.all([
      host.get(`/care/subjects/${encodeURIComponent(name)}`), host.get("/care/silences"),
    ]);
    const mayChange = host.role !== "viewer" && found.may_change;
    const marks = markChanges(found.recent, locale);
    fill(head, ...describeHead(found, locale));
    fill(body, describeInvariants(found, marks, locale, mayChange));
    silences.show(silenced, found.invariants, mayChange);
    silences.element.hidden = false;
    if (adding) adding.hidden = !mayChange;
    if (!box) {
      // What is typed there stays: it is made once.
      box = makeQueryBox(host, { metrics: found.metrics, logs: found.logs });
      queries.append(box);
      queries.hidden = false;
    }
    fill(rest, describeTickets(found, locale), describeChanges(found, marks, locale));
  };
  const kept = keepRead({ load, place: notice, seconds: EVERY_S, locale });
  reads.again = kept.again;
  return kept.stop;
};

const part = (key, title, ...children) =>
  make("section", { class: "care-part", "data-key": key }, make("h2", {}, title), ...children);

const describeHead = (found, locale) => [
  make("h2", { class: "care-heading" }, found.name),
  found.summary ? make("p", { class: "care-quote" }, found.summary) : undefined,
  make("dl", { class: "care-facts" },
    ...fact("Changed by agents", CHANGES[found.changes]),
    ...fact("Folder", found.folder),
    ...fact("Health", found.health ?? "no address"),
    ...fact("Added", `${showTime(found.added, locale)} by ${found.added_by}`)),
];

const fact = (name, value) => [make("dt", {}, name), make("dd", {}, value)];

/** Changes as marks, the oldest with the number 1. */
const markChanges = (changes, locale) =>
  changes.toReversed().map((each, place) => ({
    id: each.id, at: each.at, number: place + 1, kind: "change",
    text: `${place + 1}: ${each.kind} ${each.state} at ${showTime(each.at, locale)}`,
  }));

const describeInvariants = (found, marks, locale, mayChange) => {
  const sorted = sortInvariants(found.invariants);
  if (sorted.length === 0) return part("invariants", "Invariants", make("p", { class: "care-quiet" }, "It has no invariants."));
  const span = spanOf(sorted.map(({ samples }) => samples));
  const shown = span ? findWithin(marks, span) : [];
  return part("invariants", "Invariants",
    make("ul", { class: "care-list", "aria-label": "Invariants" },
      ...sorted.map((each) => invariantItem(each, span, shown, locale, mayChange))),
    span ? drawAxis(span, locale, shown) : undefined,
    span ? make("p", { class: "care-quiet" }, legend(shown)) : undefined);
};

const legend = (shown) =>
  "The dashed level line is the threshold." +
  (shown.length > 0 ? ` ${showCount(shown.length, "vertical line")} with a number: changes, listed below.` : "");

const invariantItem = (each, span, marks, locale, mayChange) =>
  make("li", { class: "care-lane", "data-key": each.name },
    make("div", { class: "care-row" },
      stateBadge(each.state), make("strong", {}, each.name),
      make("span", { class: "care-value" }, showValue(each.value, locale)),
      each.since == null ? undefined : make("span", { class: "care-quiet" }, `since ${showTime(each.since, locale)} (${showAge(each.since)})`),
      each.silenced ? make("span", { class: "care-quiet" }, "silenced") : undefined,
      each.by ? make("span", { class: "care-quiet" }, `added by ${each.by}`) : undefined,
      each.by && mayChange ? button("Remove", { "data-key": each.name, "aria-label": `Remove ${each.name}` }) : undefined),
    make("p", { class: "care-code" }, showCondition(each, locale)),
    each.summary ? make("p", { class: "care-quote" }, each.summary) : undefined,
    each.state !== "holds" && each.message ? make("p", { class: "care-quiet care-quote" }, each.message) : undefined,
    span ? drawCurve({ points: each.samples, span, name: each.name, locale, threshold: each.threshold, marks }) : undefined);

const describeTickets = (found, locale) =>
  part("tickets", "Tickets",
    found.tickets.length > 0
      ? make("ul", { class: "care-list", "aria-label": "Tickets" }, ...found.tickets.map((each) => ticketItem(each, locale)))
      : make("p", { class: "care-quiet" }, "It has no tickets."));

const describeChanges = (found, marks, locale) => {
  const numbers = new Map(marks.map(({ id, number }) => [id, number]));
  return part("changes", "Changes",
    found.recent.length > 0
      ? make("ul", { class: "care-list", "aria-label": "Changes" },
          ...found.recent.map((each) => changeItem(each, locale, { number: numbers.get(each.id), origin: each.ticket ? ticketLink(each.ticket, "its ticket") : undefined })))
      : make("p", { class: "care-quiet" }, "Nothing was deployed or restarted."));
};
