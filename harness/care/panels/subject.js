// One subject: its invariants and changes on one axis of time, its tickets, and queries.
import { button, fill, make, overviewLink, ticketLink } from "./dom.js";
import { drawAxis, drawCurve, findWithin, spanOf } from "./draw.js";
import { pressing } from "./forms.js";
import { makeQueryBox } from "./query_box.js";
import { keepRead } from "./refresh.js";
import { showSlos } from "./slos.js";
import { makeInvariantForm, makeSilences } from "./subject_acts.js";
import { changeItem, ticketItem } from "./ticket_item.js";
import { describeCondition, describeDemand, showAge, showCount, showMessage, showTime, showValue, sortInvariants, stateBadge, timeOf } from "./words.js";

const EVERY_S = 5;
/** More lines than these hide the curve. */
const MOST_MARKS = 30;
const MOST_TEXT = 80;
/** Changes of the service stand out from what else happened. */
const KINDS = { deploy: "change", restart: "change", commit: "change" };
const LINKED = new Set(["ticket", "run", "resolved", "reopened"]);
const CHANGES = { ask: "after approval", automatic: "without asking", never: "never" };

export const showSubject = (content, host, name) => {
  const { locale } = host;
  const notice = make("div", { class: "care-notice" });
  const head = make("div", { class: "care-part" });
  const body = make("div", { class: "care-stack" });
  const queries = make("section", { class: "care-part", hidden: true });
  const rest = make("div", { class: "care-stack" });
  const slos = make("section", { class: "care-part", hidden: true });
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
  content.append(make("p", {}, overviewLink("All subjects")), notice, head, body, problem, ...later, slos, queries, rest);
  const stopSlos = showSlos(slos, host, name);
  let box;
  const load = async () => {
    const [found, { silences: silenced }] = await Promise.all([
      host.get(`/care/subjects/${encodeURIComponent(name)}`), host.get("/care/silences"),
    ]);
    host.setTitle(found.name);
    const mayChange = host.role !== "viewer" && found.may_change;
    const span = spanOf(found.invariants.map(({ samples }) => samples));
    const marks = span ? await readMarks(host, name, span) : [];
    fill(head, ...describeHead(found, locale));
    fill(body, describeInvariants(found, span, marks, locale, mayChange));
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
  return () => {
    stopSlos();
    kept.stop();
  };
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

/** What happened meanwhile as marks, the oldest with the number 1. */
const readMarks = async (host, name, span) => {
  const times = `start=${span.start}&end=${span.end}`;
  const { moments } = await host.get(`/care/subjects/${encodeURIComponent(name)}/moments?${times}`);
  return moments.slice(-MOST_MARKS).map((each, place) => ({
    ...each, number: place + 1, what: each.kind, kind: KINDS[each.kind] ?? "event",
    text: `${place + 1}: ${each.kind} ${each.text.slice(0, MOST_TEXT)} at ${showTime(each.at, host.locale)}`,
    title: each.text,
  }));
};

const describeInvariants = (found, span, marks, locale, mayChange) => {
  const sorted = sortInvariants(found.invariants);
  if (sorted.length === 0) return part("invariants", "Invariants", make("p", { class: "care-quiet" }, "It has no invariants."));
  const shown = span ? findWithin(marks, span) : [];
  return part("invariants", "Invariants",
    make("ul", { class: "care-list", "aria-label": "Invariants" },
      ...sorted.map((each) => invariantItem(each, span, shown, locale, mayChange))),
    span ? drawAxis(span, locale, shown) : undefined,
    span ? make("p", { class: "care-quiet" }, legend(shown)) : undefined,
    shown.length > 0 ? make("ul", { class: "care-list", "aria-label": "What happened" }, ...shown.map((mark) => markItem(mark, locale))) : undefined);
};

const legend = (shown) =>
  "The dashed level line is the threshold." +
  (shown.length > 0 ? ` ${showCount(shown.length, "vertical line")} with a number: what happened meanwhile.` : "");

const markItem = (mark, locale) =>
  make("li", { class: "care-item care-moment", "data-key": mark.id + mark.what + mark.at },
    make("div", { class: "care-row" },
      make("span", { class: `care-number care-number-${mark.kind}` }, mark.number),
      make("strong", {}, mark.what), timeOf(mark.at, locale),
      LINKED.has(mark.what) ? ticketLink(mark.id, mark.title) : make("span", { dir: "auto" }, mark.title)));

const invariantItem = (each, span, marks, locale, mayChange) =>
  make("li", { class: "care-lane", "data-key": each.name },
    make("div", { class: "care-row" },
      stateBadge(each.state), make("strong", {}, each.name),
      make("span", { class: "care-value" }, showValue(each.value, locale)),
      each.since == null ? undefined : make("span", { class: "care-quiet" }, `since ${showTime(each.since, locale)} (${showAge(each.since)})`),
      each.silenced ? make("span", { class: "care-quiet" }, "silenced") : undefined,
      each.by ? make("span", { class: "care-quiet" }, `added by ${each.by}`) : undefined,
      each.by && mayChange ? button("Remove", { "data-key": each.name, "aria-label": `Remove ${each.name}` }) : undefined),
    describeDemand(each),
    describeCondition(each, locale),
    showMessage(each),
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
