// One ticket: what happened to it, what may be the cause, and what people can do.
import { badge, fill, make, overviewLink, quote, quoteOutput, runLink, subjectLink, ticketLink } from "./dom.js";
import { describeAnswer } from "./query_box.js";
import { keepRead } from "./refresh.js";
import { makeActs, makeCommentForm, makeFields, makePinForm } from "./ticket_acts.js";
import { changeItem } from "./ticket_item.js";
import { TICKET_STATES, showCount, ticketBadge, timeOf, verdictBadge } from "./words.js";

const EVERY_S = 4;
const RELATED = { person: "as a person says", commit: "the same commit", time: "open at the same time" };

export const showTicket = (content, host, id) => {
  const path = `/care/tickets/${encodeURIComponent(id)}`;
  const notice = make("div", { class: "care-notice" });
  const head = make("div", { class: "care-part" });
  const body = make("div", { class: "care-stack" });
  const comments = make("div");
  const reads = { again: () => {} };
  const acts = host.role === "viewer" ? undefined : makeActs(host, path, reads);
  const fields = host.role === "viewer" ? undefined : makeFields(host, path, reads);
  const pins = host.role === "viewer" ? undefined : makePinForm(host, path, reads);
  const form = host.role === "viewer" ? undefined : makeCommentForm(host, path, reads);
  const parts = [head, acts?.element, fields?.element, body, pins, comments, form].filter(Boolean);
  for (const each of parts) each.hidden = true;
  content.append(make("p", {}, overviewLink("All subjects")), notice, ...parts);

  const load = async () => {
    const ticket = await host.get(path);
    host.setTitle(nameTicket(ticket));
    fill(head, ...describeHead(ticket, host.locale));
    fill(body, ...describeBody(ticket, host.locale));
    fill(comments, describeComments(ticket, host.locale));
    for (const each of parts) each.hidden = false;
    acts?.show(ticket);
    fields?.show(ticket);
    // Who may not change the subject is offered nothing.
    if (!ticket.may_change) for (const each of [fields?.element, pins, form]) if (each) each.hidden = true;
  };
  const kept = keepRead({ load, place: notice, seconds: EVERY_S, locale: host.locale });
  reads.again = kept.again;
  return kept.stop;
};

/** The subject, and what the ticket is about in few words. */
const nameTicket = ({ subject, invariant, title }) => `${subject}: ${invariant ?? title}`;

const describeHead = (ticket, locale) => [
  make("h2", { class: "care-heading care-quote", dir: "auto" }, ticket.title),
  make("p", { class: "care-row" }, ticketBadge(ticket.state), make("span", {}, `${TICKET_STATES[ticket.state]?.[1] ?? ""}.`)),
  ticket.state === "proposed" && ticket.run ? describeProposal(ticket) : undefined,
  make("dl", { class: "care-facts" },
    ...fact("Subject", subjectLink(ticket.subject)),
    ...(ticket.invariant ? fact("Invariant", ticket.invariant) : []),
    ...fact("Severity", ticket.severity),
    ...fact("Priority", ticket.priority),
    ...fact("Assigned to", ticket.assignee ?? "nobody"),
    ...fact("Reported", `${showCount(ticket.count, "time")}, first by ${ticket.opened_by}, `, timeOf(ticket.opened, locale)),
    ...(ticket.run ? fact("Agent's run", describeRun(ticket.run, ticket), ` (${showCount(ticket.attempts, "attempt")})`) : [])),
];

/** Runs that an agent had about a ticket: people see only their own. */
const describeRun = (run, ticket) => (ticket.run_visible ? runLink(run) : make("span", {}, run));

const describeProposal = (ticket) =>
  make("div", { class: "care-proposal" },
    make("p", {}, "The agent asks to change the service. ",
      ticket.run_visible
        ? "The run shows the change, and waits for a decision."
        : "The run waits for a decision of its owner or of an admin."),
    ticket.run_visible
      ? runLink(ticket.run, "Look at the change and decide", { class: "harness-button-primary care-action" })
      : undefined);

const fact = (name, ...values) => [make("dt", {}, name), make("dd", {}, ...values)];

const part = (key, title, ...children) =>
  make("section", { class: "care-part", "data-key": key }, make("h2", {}, title), ...children);

const describeBody = (ticket, locale) => {
  const hypotheses = ticket.notes.filter(({ kind }) => kind === "hypothesis");
  const proposals = ticket.notes.filter(({ kind }) => kind === "proposal");
  const pinned = ticket.notes.filter(({ kind }) => kind === "pin");
  return [
    proposals.length > 0
      ? part("proposals", "Proposed changes", make("ul", { class: "care-list", "aria-label": "Proposed changes" }, ...proposals.toReversed().map((each) => proposalItem(each, locale))))
      : undefined,
    part("moves", "What happened",
      ticket.moves.length > 0
        ? make("ol", { class: "care-timeline", "aria-label": "What happened" }, ...ticket.moves.map((each) => moveItem(each, ticket, locale)))
        : make("p", { class: "care-quiet" }, "Nothing yet.")),
    pinned.length > 0
      ? part("pins", "Evidence", make("ul", { class: "care-list", "aria-label": "Evidence" }, ...pinned.map((each) => pinItem(each, locale))))
      : undefined,
    hypotheses.length > 0
      ? part("hypotheses", "Possible causes", make("ul", { class: "care-list", "aria-label": "Possible causes" }, ...hypotheses.map((each, place) => hypothesisItem(each, place + 1, locale))))
      : undefined,
    ticket.changes.length > 0
      ? part("changes", "Changes", make("ul", { class: "care-list", "aria-label": "Changes" }, ...ticket.changes.map((each) => changeItem(each, locale, { origin: each.run ? describeRun(each.run, ticket) : undefined }))))
      : undefined,
    ticket.related.length > 0
      ? part("related", "Related tickets", make("ul", { class: "care-list", "aria-label": "Related tickets" }, ...ticket.related.map(relatedItem)))
      : undefined,
  ];
};

const moveItem = (move, ticket, locale) =>
  make("li", {},
    make("p", { class: "care-row" }, move.fields ? badge("changed", "quiet") : ticketBadge(move.state), timeOf(move.at, locale),
      make("span", { class: "care-quiet" }, `by ${move.by}`), move.run ? describeRun(move.run, ticket) : undefined),
    quote(move.why));

const relatedItem = (each) =>
  make("li", { class: "care-item", "data-key": each.id },
    make("div", { class: "care-row" }, ticketBadge(each.state), ticketLink(each.id, each.title, { class: "care-link care-title" }),
      make("span", { class: "care-quiet" }, RELATED[each.why] ?? each.why)));

/** A query with its result at that time. */
const pinItem = (note, locale) =>
  make("li", { class: "care-item" },
    make("p", { class: "care-quiet" }, `by ${note.by}, `, timeOf(note.at, locale)),
    quote(note.text),
    make("p", { class: "care-code" }, note.evidence?.query ?? ""),
    ...describeAnswer(note.evidence ?? { curves: [], lines: [], more: 0 }, locale));

/** Its number tells regions of one ticket apart for who hears the page. */
const hypothesisItem = (note, number, locale) => {
  const { verdict, for: backing, against } = note.evidence ?? {};
  return make("li", { class: "care-item" },
    make("p", { class: "care-row" }, verdict ? verdictBadge(verdict) : undefined,
      make("span", { class: "care-quiet" }, `by ${note.by}, `, timeOf(note.at, locale))),
    quote(note.text),
    make("dl", { class: "care-facts care-evidence" },
      ...(backing ? fact("For", quoteOutput(backing, `What speaks for cause ${number}`)) : []),
      ...(against ? fact("Against", quoteOutput(against, `What speaks against cause ${number}`)) : [])));
};

const proposalItem = (note, locale) => {
  const { commit, diff } = note.evidence ?? {};
  return make("li", { class: "care-item" },
    make("p", { class: "care-row" },
      commit ? make("span", { class: "care-code" }, String(commit).slice(0, 10)) : undefined,
      make("span", { class: "care-quiet" }, `by ${note.by}, `, timeOf(note.at, locale))),
    quote(note.text),
    diff ? make("pre", { class: "care-diff" }, ...String(diff).trimEnd().split("\n").map(diffLine)) : undefined);
};

const diffLine = (line) => {
  const kind = /^\+(?!\+\+ )/.test(line) ? "good" : /^-(?!-- )/.test(line) ? "bad" : "plain";
  return make("span", { class: `care-diff-${kind}` }, `${line}\n`);
};

const describeComments = (ticket, locale) => {
  const found = ticket.notes.filter(({ kind }) => kind === "comment");
  return part("comments", "Comments",
    found.length > 0
      ? make("ul", { class: "care-list", "aria-label": "Comments" },
          ...found.map((note) =>
            make("li", { class: "care-item" },
              make("p", { class: "care-quiet" }, `${note.by}, `, timeOf(note.at, locale)), quote(note.text))))
      : make("p", { class: "care-quiet" }, "Nobody has commented."));
};
