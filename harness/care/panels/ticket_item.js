// Tickets and changes in lists.
import { make, ticketLink } from "./dom.js";
import { changeBadge, showAge, showCount, ticketBadge, timeOf } from "./words.js";

export const ticketItem = (each, locale) =>
  make("li", { class: "care-item", "data-key": each.id },
    make("div", { class: "care-row" }, ticketBadge(each.state), ticketLink(each.id, each.title, { class: "care-link care-title" })),
    make("p", { class: "care-quiet" },
      `${each.subject} · ${each.priority} priority · ${each.assignee ? `of ${each.assignee} · ` : ""}reported ${showCount(each.count, "time")} · changed `,
      timeOf(each.changed, locale), ` (${showAge(each.changed)} ago)`));

/** A change: `number` is that of its mark on the axis, `origin` leads to where it comes from. */
export const changeItem = (each, locale, { number, origin } = {}) =>
  make("li", { class: "care-item", "data-key": each.id },
    make("div", { class: "care-row" },
      number === undefined ? undefined : make("span", { class: "care-number" }, number),
      changeBadge(each.state), make("strong", {}, each.kind), timeOf(each.at, locale),
      each.commit ? make("span", { class: "care-code" }, each.commit.slice(0, 10)) : undefined),
    make("p", { class: "care-quote", dir: "auto" }, each.summary),
    each.message ? make("p", { class: "care-quote care-quiet", dir: "auto" }, each.message) : undefined,
    make("p", { class: "care-quiet care-row" }, `by ${each.by}`, origin));
