// What people do with a ticket: act on it, undo its changes, change its fields, comment, and pin.
import { button, fault, fill, make } from "./dom.js";
import { labelled, makeChoice, makeForm, makeInput, pressing } from "./forms.js";
import { PRIORITIES } from "./words.js";

const ACTIONS = { work: "Let an agent work on it", resolve: "Resolve", close: "Close ticket" };
/** An agent is at work in these states. */
const AT_WORK = ["investigating", "proposed", "approved", "changing", "verifying"];
const SPANS = [["900", "15 minutes"], ["3600", "1 hour"], ["21600", "6 hours"], ["86400", "24 hours"]];
const SOURCES = [["metrics", "Metrics (PromQL)"], ["logs", "Logs (LogQL)"]];

/** Buttons for what can be done now, with a reason. */
export const makeActs = (host, path, reads) => {
  const why = makeInput("care-why", { maxlength: 2_000 });
  const buttons = make("div", { class: "care-row" });
  const effect = make("div");
  const problem = make("div");
  let isActing = false;
  let isSure = false;
  let shown = { actions: [], undo: false, isAtWork: false };
  const element = make("section", { class: "care-form", "aria-label": "Actions" },
    make("label", { for: "care-why" }, "Reason (optional)"), why, buttons, effect, problem);
  buttons.addEventListener("click", async (event) => {
    const pressed = event.target.closest("button");
    if (!pressed || pressed.disabled) return;
    const { key } = pressed.dataset;
    if (key === "undo" || key === "keep") {
      isSure = key === "undo";
      show(shown);
      buttons.querySelector(isSure ? "[data-key=sure]" : "[data-key=undo]")?.focus();
      return;
    }
    isActing = true;
    show(shown);
    try {
      if (key === "sure") await host.post(`${path}/undo`, {});
      else await host.post(`${path}/act`, { action: key, why: why.value.trim() });
      why.value = "";
      fill(problem);
    } catch (error) {
      fill(problem, fault(error));
    }
    isActing = false;
    isSure = false;
    show(shown);
    reads.again();
    setTimeout(reads.again, 1_000); // what is read follows the ticket's workflow a moment later
  });
  const show = (given) => {
    shown = given;
    const undoing = isSure
      ? [["sure", "Yes, undo what the agent changed"], ["keep", "Keep it"]]
      : [["undo", "Undo the changes"]];
    const offered = [
      ...shown.actions.map((each) => [each, ACTIONS[each] ?? each]),
      ...(shown.undo ? undoing : []),
    ];
    element.hidden = offered.length === 0;
    fill(buttons, ...offered.map(([key, text]) => button(text, { "data-key": key, disabled: isActing })));
    fill(effect, shown.isAtWork && shown.actions.includes("close")
      ? make("p", { class: "care-quiet" }, "An agent is at work on it: closing the ticket stops the agent, and takes back what it has not finished.")
      : undefined);
  };
  return {
    element,
    show: (ticket) => show({
      actions: ticket.actions,
      isAtWork: AT_WORK.includes(ticket.state),
      undo: ticket.may_change && ticket.run_visible && ticket.changes.some((each) => each.state === "done" && each.run === ticket.run),
    }),
  };
};

/** The fields that people change. */
export const makeFields = (host, path, reads) => {
  const priority = makeChoice("care-priority", PRIORITIES);
  const assignee = makeInput("care-assignee", { maxlength: 100, placeholder: "Nobody" });
  const other = makeInput("care-related", { maxlength: 64, placeholder: "The id of a ticket" });
  const buttons = make("div", { class: "care-row" },
    button("Save", { "data-key": "save" }), button("Assign to me", { "data-key": "me" }));
  const problem = make("div");
  let told = {};
  pressing(buttons, problem, async ({ key }) => {
    const who = key === "me" ? host.user : assignee.value.trim();
    const link = other.value.trim().replace(/^care\./, "");
    const change = {
      ...(priority.value === told.priority ? {} : { priority: priority.value }),
      ...(who === (told.assignee ?? "") ? {} : { assignee: who }),
      ...(link ? { link } : {}),
    };
    if (Object.keys(change).length === 0) return;
    show(await host.patch(path, change), true);
    other.value = "";
    reads.again();
    setTimeout(reads.again, 1_000);
  });
  const show = (ticket, isNew = false) => {
    const isTyped = priority.value !== told.priority || assignee.value !== (told.assignee ?? "");
    if (told.id === undefined || isNew || !isTyped) {
      priority.value = ticket.priority;
      assignee.value = ticket.assignee ?? "";
    }
    told = ticket;
    element.hidden = ticket.state === "closed";
  };
  const element = make("section", { class: "care-form", "aria-label": "Fields" },
    make("div", { class: "care-filters" }, labelled("Priority", priority), labelled("Assigned to", assignee),
      labelled("Related to", other)), buttons, problem);
  return { element, show };
};

export const makeCommentForm = (host, path, reads) => {
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

/** A form that keeps a query with its result on the ticket. */
export const makePinForm = (host, path, reads) => {
  const query = make("textarea", { class: "harness-input care-text care-mono", rows: 2, maxlength: 5_000, id: "care-pin-query", spellcheck: "false", required: true });
  const source = makeChoice("care-pin-source", SOURCES);
  const span = makeChoice("care-pin-span", SPANS, "3600");
  const text = makeInput("care-pin-text", { maxlength: 2_000 });
  return makeForm("Pin a query with its result",
    [labelled("Query", query), make("div", { class: "care-filters" }, labelled("Of", source), labelled("Time", span)),
      labelled("What it shows (optional)", text)],
    "Pin",
    async () => {
      const body = { query: query.value.trim(), source: source.value, seconds: Number(span.value), text: text.value.trim() };
      await host.post(`${path}/pins`, body);
      reads.again();
    });
};
