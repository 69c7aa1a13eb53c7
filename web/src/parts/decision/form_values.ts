/** What a form's fields hold: whether a value fits, what a new one starts with, what was changed. */
import type { Field, GroupField, Member } from "./fields";
import {
  isList,
  isObject,
  type Json,
  type JsonObject,
  memberOf,
  sameJson,
  withMember,
} from "./json_value";

const MAX_ITEMS = 50;
const MAX_EXTRA = 40;

/** Whether the field's own control can show the value; if not, JSON text does. */
export function fits(field: Field, value: Json): boolean {
  switch (field.kind) {
    case "text":
      return typeof value === "string";
    case "number":
      return typeof value === "number";
    case "yes_no":
      return typeof value === "boolean";
    case "choice":
      return ["string", "number", "boolean"].includes(typeof value);
    case "list":
      return isList(value) && value.length <= MAX_ITEMS;
    case "group":
      return isObject(value) && extraNames(field, value).length <= MAX_EXTRA;
    case "json":
      return true;
  }
}

const LOOSE: Field = { kind: "json", title: "", hint: "", nullable: false, initial: undefined };

function extraNames(field: GroupField, value: JsonObject): string[] {
  const known = new Set(field.members.map((member) => member.name));
  return Object.keys(value).filter((name) => !known.has(name));
}

/** The members of a group, with those of the value that its schema does not know: a person must see
 * everything that the tool gets. */
export function membersOf(field: GroupField, value: JsonObject): Member[] {
  const extra = extraNames(field, value).map((name) => ({ name, required: false, field: LOOSE }));
  return [...field.members, ...extra];
}

/** What a field starts with when it is added. */
export function initialOf(field: Field): Json {
  if (field.initial !== undefined && field.initial !== null) return field.initial;
  switch (field.kind) {
    case "text":
      return "";
    case "number":
      return field.min ?? 0;
    case "yes_no":
      return false;
    case "choice":
      return field.choices[0] ?? "";
    case "list":
      return [];
    case "group":
      return field.members
        .filter((member) => member.required)
        .reduce<JsonObject>(
          (made, member) => withMember(made, member.name, initialOf(member.field)),
          {},
        );
    case "json":
      return "";
  }
}

/** Why a number cannot be taken; the daemon checks everything else. */
export function numberProblem(
  text: string,
  field: { whole: boolean; min?: number | undefined; max?: number | undefined },
): string | null {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return "Enter a number.";
  if (field.whole && !Number.isInteger(value)) return "Enter a whole number.";
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return "This number is too large for the form.";
  if (field.min !== undefined && value < field.min) return `At least ${field.min}.`;
  if (field.max !== undefined && value > field.max) return `At most ${field.max}.`;
  return null;
}

export interface Edit {
  arguments: JsonObject;
  replace: boolean;
}

/** The edit to send: the arguments that have changed, or all of them if one was removed; null if
 * nothing has changed. */
export function editOf(asked: JsonObject, edited: JsonObject): Edit | null {
  if (Object.keys(asked).some((name) => !Object.hasOwn(edited, name))) {
    return { arguments: edited, replace: true };
  }
  const changed = Object.entries(edited).filter(
    ([name, value]) => !Object.hasOwn(asked, name) || !sameJson(memberOf(asked, name), value),
  );
  return changed.length === 0 ? null : { arguments: Object.fromEntries(changed), replace: false };
}
