// What people do with a subject: silences, and invariants of their own.
import { button, fill, make, quote } from "./dom.js";
import { labelled, makeChoice, makeForm, makeInput, pressing } from "./forms.js";
import { showTime } from "./words.js";

const TIMES = [["1800", "30 minutes"], ["3600", "1 hour"], ["14400", "4 hours"], ["86400", "1 day"], ["604800", "7 days"]];
const OPERATORS = ["<", "<=", ">", ">=", "==", "!="].map((each) => [each, each]);
const SEVERITIES = [["warning", "Warning"], ["critical", "Critical"], ["info", "Info"]];
const SOURCES = [["metrics", "Metrics (PromQL)"], ["logs", "Logs (LogQL)"]];

/** The silences of a subject: everybody sees them; who may, adds and ends them. */
export const makeSilences = (host, name, again) => {
  const list = make("div");
  const problem = make("div");
  const invariant = makeChoice("care-silence-invariant", [["", "All"]]);
  const time = makeChoice("care-silence-time", TIMES, "3600");
  const reason = makeInput("care-silence-reason", { maxlength: 500, required: true });
  const form = host.role === "viewer" ? undefined : makeForm("Add a silence",
    [labelled("Invariant", invariant), labelled("For", time), labelled("Reason", reason)], "Silence",
    async () => {
      await host.post("/care/silences", {
        subject: name, seconds: Number(time.value), reason: reason.value.trim(),
        ...(invariant.value ? { invariant: invariant.value } : {}),
      });
      again();
    });
  pressing(list, problem, async ({ key }) => {
    await host.delete(`/care/silences/${encodeURIComponent(key)}`);
    again();
  });
  const show = (silences, invariants, mayChange) => {
    if (form) form.hidden = !mayChange;
    const own = silences.filter(({ subject }) => subject === name);
    fill(list, own.length > 0
      ? make("ul", { class: "care-list", "aria-label": "Silences" }, ...own.map((each) => silenceItem(each, mayChange, host.locale)))
      : make("p", { class: "care-quiet" }, "Nothing is silenced: each broken invariant opens a ticket."));
    if (invariant.options.length !== invariants.length + 1) {
      invariant.replaceChildren(...[["", "All"], ...invariants.map((each) => [each.name, each.name])].map(([value, title]) => make("option", { value }, title)));
    }
  };
  const element = make("section", { class: "care-part" }, make("h2", {}, "Silences"), list, problem, form);
  return { element, show };
};

const silenceItem = (each, mayChange, locale) =>
  make("li", { class: "care-item", "data-key": each.id },
    make("div", { class: "care-row" },
      make("strong", {}, each.invariant ?? "all invariants"),
      make("span", { class: "care-quiet" }, `until ${showTime(each.until, locale)}, by ${each.by}`),
      mayChange ? button("End", { "data-key": each.id, "aria-label": `End the silence of ${each.invariant ?? "all invariants"}` }) : undefined),
    quote(each.reason));

/** A form that adds an invariant. */
export const makeInvariantForm = (host, subject, again) => {
  const name = makeInput("care-invariant-name", { maxlength: 60, required: true, pattern: "[a-z][a-z0-9\\-]*" });
  const query = make("textarea", { class: "harness-input care-text care-mono", rows: 2, maxlength: 20_000, id: "care-invariant-query", spellcheck: "false", required: true });
  const source = makeChoice("care-invariant-source", SOURCES);
  const operator = makeChoice("care-invariant-operator", OPERATORS);
  const threshold = makeInput("care-invariant-threshold", { type: "number", step: "any", required: true });
  const severity = makeChoice("care-invariant-severity", SEVERITIES);
  const seconds = makeInput("care-invariant-for", { type: "number", min: 0, value: 0 });
  return makeForm("Add an invariant",
    [labelled("Name", name), labelled("Condition: a query", query), labelled("Of", source),
      make("div", { class: "care-filters" }, labelled("must be", operator), labelled("Threshold", threshold)),
      labelled("Severity", severity), labelled("Broken after so many seconds", seconds)],
    "Add",
    async () => {
      await host.post("/care/invariants", {
        subject, name: name.value.trim(), query: query.value.trim(), source: source.value,
        operator: operator.value, threshold: Number(threshold.value), severity: severity.value,
        for_seconds: Number(seconds.value),
      });
      again();
    });
};
