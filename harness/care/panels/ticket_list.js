// Tickets of all subjects: filters, pages, and a form to open one.
import { button, fill, make } from "./dom.js";
import { labelled, makeChoice, makeForm, makeInput } from "./forms.js";
import { ticketItem } from "./ticket_item.js";
import { PRIORITIES, TICKET_STATES } from "./words.js";

/** How many tickets a page has. */
const PAGE = 50;
const WHICH = [["", "Open"], ["all", "All"], ...Object.keys(TICKET_STATES).map((state) => [state, `Only ${state}`])];

export const knowsState = (state) => WHICH.some(([value]) => value === state);

/** `again` reads everything at once. `chosen` is the state that is listed at first. */
export const makeTicketList = (host, again, chosen) => {
  const state = makeChoice("care-state", WHICH, chosen);
  const priority = makeChoice("care-priority", [["", "Any"], ...PRIORITIES]);
  const subject = makeChoice("care-subject", [["", "All"]]);
  const assignee = makeInput("care-assignee", { maxlength: 100, placeholder: "Anybody" });
  const list = make("div", { class: "care-stack", "aria-live": "polite" });
  const pages = make("div", { class: "care-row" });
  let cursors = [undefined];
  let following;

  const filters = make("form", { class: "care-filters", role: "search", "aria-label": "Tickets" },
    labelled("State", state), labelled("Priority", priority), labelled("Subject", subject), labelled("Assigned to", assignee));
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("change", () => {
    cursors = [undefined];
    again();
  });
  pages.addEventListener("click", (event) => {
    const pressed = event.target.closest("button");
    if (!pressed) return;
    cursors = pressed.dataset.key === "next" ? [...cursors, following] : cursors.slice(0, -1);
    again();
  });

  const read = () => {
    const asked = new URLSearchParams({ limit: PAGE });
    if (state.value === "all") asked.set("all", "true");
    else if (state.value) asked.set("state", state.value);
    if (priority.value) asked.set("priority", priority.value);
    if (subject.value) asked.set("subject", subject.value);
    const who = assignee.value.trim();
    if (who) asked.set("assignee", who === "nobody" ? "" : who);
    if (cursors.at(-1)) asked.set("cursor", cursors.at(-1));
    return host.get(`/care/tickets?${asked}`);
  };

  const show = (found, subjects) => {
    following = found.next ?? undefined;
    const names = subjects.map(({ name }) => name);
    if (subject.options.length !== names.length + 1) {
      const chosen = subject.value;
      subject.replaceChildren(...[["", "All"], ...names.map((name) => [name, name])].map(([value, title]) => make("option", { value }, title)));
      subject.value = chosen;
    }
    fill(list, ...describeTickets(found, host.locale));
    fill(pages,
      cursors.length > 1 ? button("Newer", { "data-key": "previous" }) : undefined,
      following ? button("Older", { "data-key": "next" }) : undefined,
      cursors.length > 1 || following ? make("span", { class: "care-quiet" }, `Page ${cursors.length}`) : undefined);
  };

  const opening = host.role === "viewer" ? undefined : makeOpening(host, again);
  const element = make("section", { class: "care-part" }, make("h2", {}, "Tickets"), list, pages,
    make("details", { class: "care-more", open: Boolean(chosen) && knowsState(chosen) }, make("summary", {}, "Find tickets"), filters),
    opening?.element);
  return { element, read, show: (found, subjects) => { show(found, subjects); opening?.offer(subjects); } };
};

const describeTickets = ({ tickets, counts }, locale) => {
  if (tickets.length === 0) return [make("p", { class: "care-quiet" }, "No ticket is like that.")];
  return Object.entries(TICKET_STATES)
    .map(([state, [, meaning]]) => [state, meaning, tickets.filter((each) => each.state === state)])
    .filter(([, , found]) => found.length > 0)
    .map(([state, meaning, found]) =>
      make("div", { "data-key": state, class: "care-group" },
        make("h3", {}, `${meaning} (${counts[state] ?? found.length})`),
        make("ul", { class: "care-list", "aria-label": `Tickets: ${state}` }, ...found.map((each) => ticketItem(each, locale)))));
};

const makeOpening = (host, again) => {
  const subject = makeChoice("care-open-subject", []);
  const title = makeInput("care-open-title", { maxlength: 300, required: true });
  const works = make("input", { type: "checkbox", id: "care-open-work" });
  const element = makeForm("Open a ticket",
    [labelled("Subject", subject), labelled("The problem in one sentence", title),
      make("div", { class: "care-row" }, works, make("label", { for: "care-open-work" }, "Let an agent work on it at once"))],
    "Open",
    async () => {
      await host.post("/care/tickets", { subject: subject.value, title: title.value.trim(), work: works.checked });
      again();
    });
  const offer = (subjects) => {
    if (subject.options.length === subjects.length) return;
    subject.replaceChildren(...subjects.map(({ name }) => make("option", { value: name }, name)));
  };
  return { element, offer };
};
