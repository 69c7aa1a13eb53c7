/** What the dialog to start a run holds, and the request that it becomes. Pure. */
import type { Schemas } from "@/api/client";
import type { Problem } from "@/api/problem";

export type Variable = Schemas["VariableView"];
export type StartBody = Schemas["StartRun"] & { files?: string[] };

export interface StartForm {
  agent: string;
  /** Whether the task is a template. */
  isTemplate: boolean;
  prompt: string;
  template: string;
  variables: Record<string, string>;
  model: string;
  turns: string;
  tokens: string;
  dollars: string;
  seconds: string;
  ask: boolean;
  /** One a line: name = value. */
  labels: string;
  id: string;
}

export const EMPTY: StartForm = {
  agent: "",
  isTemplate: false,
  prompt: "",
  template: "",
  variables: {},
  model: "",
  turns: "",
  tokens: "",
  dollars: "",
  seconds: "",
  ask: false,
  labels: "",
  id: "",
};

/** What is wrong, by field; a variable's field is `variables.NAME`. */
export type Faults = Record<string, string>;

const MICROS = 1e6;

/** The request, or what is wrong with the form. */
export function bodyOf(
  form: StartForm,
  declared: readonly Variable[],
  files: readonly string[],
): { body: StartBody; faults: Faults } {
  const faults: Faults = {};
  const body: StartBody = { agent: form.agent.trim() };
  if (!body.agent) faults["agent"] = "Choose an agent.";
  if (form.isTemplate) {
    body.template = form.template.trim();
    if (!body.template) faults["template"] = "Choose a template.";
    body.variables = readVariables(form.variables, declared, faults);
  } else {
    body.prompt = form.prompt;
    if (!form.prompt.trim()) faults["prompt"] = "Write what the agent is to do.";
  }
  if (form.model.trim()) body.model = form.model.trim();
  if (form.id.trim()) body.id = form.id.trim();
  const budget = readBudget(form, faults);
  if (Object.keys(budget).length > 0) body.budget = budget;
  const labels = readLabels(form.labels, faults);
  if (Object.keys(labels).length > 0) body.labels = labels;
  if (files.length > 0) body.files = [...files];
  return { body, faults };
}

function readBudget(form: StartForm, faults: Faults): Schemas["Budget"] {
  const budget: Schemas["Budget"] = {};
  const turns = readNumber(form.turns, "turns", faults, true);
  const tokens = readNumber(form.tokens, "tokens", faults, true);
  const dollars = readNumber(form.dollars, "dollars", faults, false);
  const seconds = readNumber(form.seconds, "seconds", faults, false);
  if (turns !== null) budget.turns = turns;
  if (tokens !== null) budget.tokens = tokens;
  if (dollars !== null) budget.cost_micros = Math.round(dollars * MICROS);
  if (seconds !== null) budget.seconds = seconds;
  if (form.ask) budget.ask = true;
  return budget;
}

function readNumber(text: string, field: string, faults: Faults, whole: boolean): number | null {
  if (!text.trim()) return null;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && (!whole || Number.isInteger(value))) return value;
  faults[field] = whole ? "A whole number above 0." : "A number above 0.";
  return null;
}

function readLabels(text: string, faults: Faults): Record<string, string> {
  const labels: [string, string][] = [];
  for (const line of text.split("\n").filter((each) => each.trim())) {
    const at = line.indexOf("=");
    const name = line.slice(0, at).trim();
    if (at < 1 || !name) faults["labels"] = `Write ${line.trim()} as name = value.`;
    else labels.push([name, line.slice(at + 1).trim()]);
  }
  return Object.fromEntries(labels);
}

function readVariables(
  values: Record<string, string>,
  declared: readonly Variable[],
  faults: Faults,
): Record<string, unknown> {
  const found: [string, unknown][] = [];
  for (const variable of declared) {
    const text = Object.hasOwn(values, variable.name) ? (values[variable.name] ?? "") : "";
    const field = `variables.${variable.name}`;
    if (!text) {
      if (variable.required) faults[field] = "This variable needs a value.";
      continue;
    }
    const value = readValue(text, variable);
    if (value === undefined) faults[field] = `Not of the type ${variable.type}.`;
    else found.push([variable.name, value]);
  }
  return Object.fromEntries(found);
}

/** A text as the type that a variable declares; undefined if it is not one. */
function readValue(text: string, variable: Variable): unknown {
  switch (variable.type) {
    case "integer":
      return /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : undefined;
    case "number":
      return text.trim() && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "strings":
      return text.split("\n").filter((line) => line.trim());
    case "enum":
      return variable.choices?.includes(text) ? text : undefined;
    default:
      return text;
  }
}

const FIELDS: Record<string, string> = { cost_micros: "dollars" };
const BY_CODE: Record<string, string> = {
  "config.unknown_agent": "agent",
  "run.id_taken": "id",
  "store.upload_not_found": "files",
};
/** Values that the daemon checks itself name no field, but their messages do. */
const BY_TEXT: readonly [RegExp, string][] = [
  [/is not a model name/, "model"],
  [/is not a valid run id/, "id"],
];
const KNOWN = new Set([...Object.keys(EMPTY), "files"]);

/** A refusal at the fields that it is about; empty if it is about none of them. */
export function faultsOf(problem: Problem): Faults {
  const faults: Faults = {};
  for (const { field, problem: text } of problem.fields) {
    // `body.budget.turns`, `body.variables.name`, `body.labels.x`
    const [, first = "", second = ""] = field.split(".");
    const inner = FIELDS[second] ?? second;
    if (first === "budget" && KNOWN.has(inner)) faults[inner] = text;
    else if (first === "variables" && second) faults[`variables.${second}`] = text;
    else if (KNOWN.has(first)) faults[first] = text;
  }
  if (Object.keys(faults).length > 0) return faults;
  const field = fieldOf(problem);
  return field ? { [field]: [problem.message, problem.fix].filter(Boolean).join(" ") } : {};
}

function fieldOf({ code, message }: Problem): string | undefined {
  if (code.startsWith("prompts.")) return "template";
  const limit = /^The budget has (\w+)=/.exec(message)?.[1];
  if (limit) return FIELDS[limit] ?? limit;
  return BY_CODE[code] ?? BY_TEXT.find(([text]) => text.test(message))?.[1];
}
