// What needs a person first: tickets, then invariants that do not hold; then subjects, and what holds.
import { fill, make, subjectLink } from "./dom.js";
import { drawSpark } from "./draw.js";
import { keepRead } from "./refresh.js";
import { knowsState, makeTicketList } from "./ticket_list.js";
import { describeCondition, describeDemand, showAge, showCount, showMessage, showTime, showValue, sortInvariants, stateBadge, TICKET_STATES } from "./words.js";

const EVERY_S = 5;
const MOST_INVARIANTS = 100;
const MOST_UNKNOWN = 3;

/** `asked` is the query of the address, which may name the state of the tickets to list. */
export const showOverview = (content, host, asked) => {
  const notice = make("div", { class: "care-notice" });
  const head = make("div", { class: "care-stack" });
  const body = make("div", { class: "care-stack" });
  const reads = { again: () => {} };
  const tickets = makeTicketList(host, () => reads.again(), asked.get("state") ?? undefined);
  tickets.element.hidden = true;
  content.append(...describeAddress(asked), notice, head, tickets.element, body);
  const load = async () => {
    const [status, { invariants }, found] = await Promise.all([
      host.get("/care"), host.get("/care/invariants"), tickets.read(),
    ]);
    fill(head, late(status, host.locale));
    fill(body, ...describeAll(status, invariants, host.locale));
    tickets.show(found, status.subjects);
    tickets.element.hidden = status.subjects.length === 0;
  };
  const kept = keepRead({ load, place: notice, seconds: EVERY_S, locale: host.locale });
  reads.again = kept.again;
  return kept.stop;
};

/** What the address asks for and this view does not know. */
const describeAddress = (asked) => {
  const unknown = [...asked.keys()].filter((key) => key !== "state").slice(0, MOST_UNKNOWN);
  const state = asked.get("state");
  const texts = unknown.map((key) => `The address names ${JSON.stringify(key)}, which this view does not know.`);
  if (state !== null && !knowsState(state)) {
    texts.push(`There is no state ${JSON.stringify(state)} of tickets, so open ones are shown. There are: ${Object.keys(TICKET_STATES).join(", ")}, and all.`);
  }
  return texts.map((text) => make("p", { class: "care-fault", role: "status" }, text));
};

const describeAll = (status, invariants, locale) => {
  if (status.subjects.length === 0) {
    return [
      make("p", { class: "care-quiet", "data-key": "empty" },
        "No service is under care. To add one, describe it in a file subject.toml and run: harness care subject add FOLDER"),
    ];
  }
  return [
    part("invariants", "Invariants", ...describeInvariants(invariants, locale)),
    part("subjects", "Subjects", make("ul", { class: "care-cards", "aria-label": "Subjects" }, ...status.subjects.map(subjectCard))),
  ];
};

const part = (key, title, ...children) => make("section", { class: "care-part", "data-key": key }, make("h2", {}, title), ...children);

const late = (status, locale) =>
  status.overdue
    ? make("p", { class: "care-fault", "data-key": "late" },
        `The invariants were last evaluated at ${showTime(status.evaluated, locale)}: these states are old. Is a worker running?`)
    : undefined;

const subjectCard = (subject) => {
  const states = sortInvariants(Object.keys(subject.states).map((state) => ({ state, subject: "", name: "" })));
  return make("li", { class: "harness-card care-card", "data-key": subject.name },
    make("h3", {}, subjectLink(subject.name)),
    subject.summary ? make("p", { class: "care-quiet care-quote" }, subject.summary) : undefined,
    make("p", { class: "care-row" },
      ...(states.length > 0
        ? states.map(({ state }) => make("span", { class: "care-row" }, stateBadge(state), subject.states[state]))
        : [make("span", { class: "care-quiet" }, "no invariants")])),
  );
};

const describeInvariants = (found, locale) => {
  if (found.length === 0) return [make("p", { class: "care-quiet" }, "No subject has invariants.")];
  const count = (...states) => found.filter(({ state }) => states.includes(state)).length;
  const failing = count("broken", "violated");
  const holding = count("holds");
  const summary = `${failing} ${failing === 1 ? "does" : "do"} not hold, ${found.length - failing - holding} unknown, ${holding} ${holding === 1 ? "holds" : "hold"}.`;
  const sorted = sortInvariants(found);
  const bad = sorted.filter(({ state }) => state !== "holds");
  const good = sorted.filter(({ state }) => state === "holds");
  return [
    make("p", { class: "care-quiet", "data-key": "summary" }, summary),
    bad.length > 0 ? listInvariants("bad", "Invariants", bad, locale) : undefined,
    left(bad),
    good.length > 0
      ? make("details", { class: "care-more", "data-key": "good" },
          make("summary", {}, `${showCount(good.length, "invariant")} that ${good.length === 1 ? "holds" : "hold"}`),
          listInvariants("list", "Invariants that hold", good, locale), left(good))
      : undefined,
  ];
};

const listInvariants = (key, label, found, locale) =>
  make("ul", { class: "care-list", "data-key": key, "aria-label": label },
    ...found.slice(0, MOST_INVARIANTS).map((each) => invariantItem(each, locale)));

const left = (found) =>
  found.length > MOST_INVARIANTS
    ? make("p", { class: "care-quiet" }, `${found.length - MOST_INVARIANTS} more are shown with their subjects.`) : undefined;

const invariantItem = (each, locale) =>
  make("li", { class: "care-invariant", "data-key": `${each.subject}/${each.name}` },
    make("div", { class: "care-row" }, stateBadge(each.state), each.silenced ? make("span", { class: "care-quiet" }, "silenced") : undefined),
    make("div", { class: "care-grow" },
      make("p", {}, make("strong", {}, each.name), " of ", subjectLink(each.subject)),
      describeDemand(each),
      describeCondition(each, locale),
      showMessage(each)),
    make("div", { class: "care-figures" },
      make("p", { class: "care-value" }, showValue(each.value, locale)),
      each.since == null ? undefined
        : make("p", { class: "care-quiet", title: showTime(each.since, locale) }, `since ${showTime(each.since, locale)} (${showAge(each.since)})`)),
    drawSpark(each, locale),
  );
