// One ticket: what happened to it, what may be the cause, and what people can do.
import { button, fault, fill, make, overviewLink, quote, runLink, subjectLink } from "./dom.js";
import { keepRead } from "./refresh.js";
import { changeItem } from "./ticket_item.js";
import { TICKET_STATES, showCount, ticketBadge, timeOf, verdictBadge } from "./words.js";

const EVERY_S = 4;
const ACTIONS = { work: "Let an agent work on it", resolve: "Resolve", close: "Close" };

export const showTicket = (content, host, id) => {
  const path = `/care/tickets/${encodeURIComponent(id)}`;
  const notice = make("div", { class: "care-notice" });
  const head = make("div", { class: "care-part" });
  const body = make("div", { class: "care-stack" });
  const comments = make("div");
  const reads = { again: () => {} };
  const acts = host.role === "viewer" ? undefined : makeActs(host, path, reads);
  const form = host.role === "viewer" ? undefined : makeCommentForm(host, path, reads);
  const parts = [head, acts?.element, body, comments, form].filter(Boolean);
  for (const each of parts) each.hidden = true;
  content.append(make("p", {}, overviewLink("All subjects")), notice, ...parts);

  const load = async () => {
    const ticket = await host.get(path);
    fill(head, ...describeHead(ticket, host.locale));
    acts?.show(ticket.actions);
    fill(body, ...describeBody(ticket, host.locale));
    fill(comments, describeComments(ticket, host.locale));
    for (const each of parts) each.hidden = false;
    if (acts) acts.element.hidden = ticket.actions.length === 0;
  };
  const kept = keepRead({ load, place: notice, seconds: EVERY_S, locale: host.locale });
  reads.again = kept.again;
  return kept.stop;
};

const describeHead = (ticket, locale) => [
  make("h2", { class: "care-heading care-quote", dir: "auto" }, ticket.title),
  make("p", { class: "care-row" }, ticketBadge(ticket.state), make("span", {}, `${TICKET_STATES[ticket.state]?.[1] ?? ""}.`)),
  ticket.state === "proposed" && ticket.run ? describeProposal(ticket) : undefined,
  make("dl", { class: "care-facts" },
    ...fact("Subject", subjectLink(ticket.subject)),
    ...(ticket.invariant ? fact("Invariant", ticket.invariant) : []),
    ...fact("Severity", ticket.severity),
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
  return [
    proposals.length > 0
      ? part("proposals", "Proposed changes", make("ul", { class: "care-list", "aria-label": "Proposed changes" }, ...proposals.toReversed().map((each) => proposalItem(each, locale))))
      : undefined,
    part("moves", "What happened",
      ticket.moves.length > 0
        ? make("ol", { class: "care-timeline", "aria-label": "What happened" }, ...ticket.moves.map((each) => moveItem(each, ticket, locale)))
        : make("p", { class: "care-quiet" }, "Nothing yet.")),
    hypotheses.length > 0
      ? part("hypotheses", "Possible causes", make("ul", { class: "care-list", "aria-label": "Possible causes" }, ...hypotheses.map((each) => hypothesisItem(each, locale))))
      : undefined,
    ticket.changes.length > 0
      ? part("changes", "Changes", make("ul", { class: "care-list", "aria-label": "Changes" }, ...ticket.changes.map((each) => changeItem(each, locale, { origin: each.run ? describeRun(each.run, ticket) : undefined }))))
      : undefined,
  ];
};

const moveItem = (move, ticket, locale) =>
  make("li", {},
    make("p", { class: "care-row" }, ticketBadge(move.state), timeOf(move.at, locale),
      make("span", { class: "care-quiet" }, `by ${move.by}`), move.run ? describeRun(move.run, ticket) : undefined),
    quote(move.why));

const hypothesisItem = (note, locale) => {
  const { verdict, for: backing, against } = note.evidence ?? {};
  return make("li", { class: "care-item" },
    make("p", { class: "care-row" }, verdict ? verdictBadge(verdict) : undefined,
      make("span", { class: "care-quiet" }, `by ${note.by}, `, timeOf(note.at, locale))),
    quote(note.text),
    make("dl", { class: "care-facts" },
      ...(backing ? fact("For", quote(backing)) : []),
      ...(against ? fact("Against", quote(against)) : [])));
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

/** Buttons for what can be done now, with a reason. */
const makeActs = (host, path, reads) => {
  const why = make("input", { class: "harness-input care-text", id: "care-why", maxlength: 2_000, autocomplete: "off" });
  const buttons = make("div", { class: "care-row" });
  const problem = make("div");
  let isActing = false;
  let shown = [];
  const element = make("section", { class: "care-form", "aria-label": "Actions" },
    make("label", { for: "care-why" }, "Reason (optional)"), why, buttons, problem);
  buttons.addEventListener("click", async (event) => {
    const pressed = event.target.closest("button");
    if (!pressed || pressed.disabled) return;
    isActing = true;
    show(shown);
    try {
      await host.post(`${path}/act`, { action: pressed.dataset.key, why: why.value.trim() });
      why.value = "";
      fill(problem);
    } catch (error) {
      fill(problem, fault(error));
    }
    isActing = false;
    show(shown);
    reads.again();
    setTimeout(reads.again, 1_000); // what is read follows the ticket's workflow a moment later
  });
  const show = (actions) => {
    shown = actions;
    fill(buttons, ...actions.map((each) => button(ACTIONS[each] ?? each, { "data-key": each, disabled: isActing })));
  };
  return { element, show };
};

const makeCommentForm = (host, path, reads) => {
  const text = make("textarea", { class: "harness-input care-text", id: "care-comment", rows: 3, maxlength: 10_000 });
  const send = make("button", { type: "submit", class: "harness-button" }, "Comment");
  const problem = make("div");
  const form = make("form", { class: "care-form" },
    make("label", { for: "care-comment" }, "Your comment: the agent that works on the ticket reads it"), text,
    make("div", { class: "care-row" }, send), problem);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await host.post(`${path}/comments`, { text: text.value });
      text.value = "";
      fill(problem);
      reads.again();
    } catch (error) {
      fill(problem, fault(error));
    }
    send.disabled = false;
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return form;
};
