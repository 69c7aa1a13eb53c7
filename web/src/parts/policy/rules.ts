/** The rules of a policy in words, and as a policy file has them. */
import type { Schemas } from "@/api/client";

export type Policy = Schemas["PolicyView"];
type Data = Readonly<Record<string, unknown>>;

interface RuleView {
  name: string;
  decision: "allow" | "deny" | "ask";
  /** Which calls it is about. */
  about: readonly { what: string; value: string }[];
  /** What happens then, besides the decision. */
  does: readonly string[];
  reason?: string;
}

const PATTERNS = ["tool", "agent", "owner", "session", "effect"] as const;

/** A rule as it is shown. What a newer daemon adds to rules is shown as JSON. */
export function readRule(rule: Data): RuleView {
  const { name, decision, reason } = rule;
  const about: { what: string; value: string }[] = PATTERNS.filter(
    (what) => rule[what] !== undefined,
  ).map((what) => ({ what, value: listTexts(rule[what]) }));
  if (isData(rule["arguments"])) {
    for (const [path, condition] of Object.entries(rule["arguments"]))
      about.push({ what: path, value: describeCondition(condition) });
  }
  if (rule["cost_above"] != null)
    about.push({ what: "cost", value: `above $${String(rule["cost_above"])}` });
  return {
    name: String(name ?? ""),
    decision: decision === "allow" || decision === "deny" ? decision : "ask",
    about,
    does: describeDoing(rule),
    ...(typeof reason === "string" && reason ? { reason } : {}),
  };
}

function describeDoing(rule: Data): string[] {
  const said: string[] = [];
  if (Array.isArray(rule["whom"]) && rule["whom"].length > 0)
    said.push(`asks ${rule["whom"].map(nameDecider).join(" or ")}`);
  if (typeof rule["timeout"] === "string")
    said.push(`after ${rule["timeout"]}: ${describeLapse(rule["then"])}`);
  if (rule["remember"] === true) said.push("an approval may be remembered");
  if (rule["override"] === true) said.push("whatever the tool says");
  return said;
}

/** `role:admin` or a user, as a part of a sentence. */
export function nameDecider(who: unknown): string {
  const text = String(who);
  return text.startsWith("role:") ? `anyone with the role ${text.slice(5)}` : text;
}

/** What happens once nobody has decided in time. */
export function describeLapse(then: unknown): string {
  const text = String(then ?? "deny");
  if (text.startsWith("escalate:")) return `asks the role ${text.slice(9)} too`;
  return text === "allow" ? "allowed" : "denied";
}

const WORDS: Readonly<Record<string, string>> = {
  equals: "is",
  in: "is one of",
  glob: "fits",
  regex: "contains",
  above: "above",
  below: "below",
  path_below: "in the folder",
};

/** What a value has to be like. */
export function describeCondition(condition: unknown): string {
  if (!isData(condition)) return JSON.stringify(condition);
  const said: string[] = [];
  for (const [name, value] of Object.entries(condition)) {
    if (name === "ignore_case") continue;
    if (name === "not") said.push(`not (${describeCondition(value)})`);
    else if (name === "present") said.push(value === false ? "is absent" : "is there");
    else said.push(`${WORDS[name] ?? name} ${listTexts(value)}`);
  }
  const loose = condition["ignore_case"] === true ? ", in any case" : "";
  return `${said.join(" and ")}${loose}`;
}

function listTexts(value: unknown): string {
  const values = Array.isArray(value) ? value : [value];
  return values.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join(", ");
}

function isData(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The policy as a file in TOML, to be edited; undefined if TOML cannot say it (null). */
export function writeToml(policy: Policy): string | undefined {
  const rules = policy.rules.map((rule) => {
    const lines = Object.entries(rule).map(([key, value]) => {
      const written = writeValue(value);
      return written === undefined ? undefined : `${writeKey(key)} = ${written}`;
    });
    return lines.includes(undefined) ? undefined : ["[[rules]]", ...lines].join("\n");
  });
  return rules.includes(undefined) ? undefined : `${rules.join("\n\n")}\n`;
}

function writeKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : writeText(key);
}

function writeText(text: string): string {
  // Of JSON's texts, TOML reads all but one character.
  return JSON.stringify(text).replaceAll("\u007f", "\\u007f");
}

function writeValue(value: unknown): string | undefined {
  if (typeof value === "string") return writeText(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return joined(value.map(writeValue), "[", "]");
  if (!isData(value)) return undefined;
  const pairs = Object.entries(value).map(([key, each]) => {
    const written = writeValue(each);
    return written === undefined ? undefined : `${writeKey(key)} = ${written}`;
  });
  return joined(pairs, "{ ", " }");
}

function joined(parts: readonly (string | undefined)[], open: string, close: string) {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(", ")}${close}`;
}
