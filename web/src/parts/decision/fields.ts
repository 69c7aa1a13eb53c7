/** From a tool's JSON schema to the fields of a form. Schemas come from other people's servers: they
 * are read with bounds, and what is not understood becomes a field of JSON text. */
import { isList, isObject, type Json, type JsonObject, memberOf } from "./json_value";

interface Base {
  title: string;
  hint: string;
  /** Null is a value that it takes. */
  nullable: boolean;
  /** What it is if nobody says; undefined if the schema does not tell. */
  initial: Json | undefined;
}

type Scalar = string | number | boolean;
export interface TextField extends Base {
  kind: "text";
  long: boolean;
}
export interface NumberField extends Base {
  kind: "number";
  whole: boolean;
  min: number | undefined;
  max: number | undefined;
}
export interface YesNoField extends Base {
  kind: "yes_no";
}
export interface ChoiceField extends Base {
  kind: "choice";
  choices: readonly Scalar[];
}
export interface ListField extends Base {
  kind: "list";
  item: Field;
}
export interface GroupField extends Base {
  kind: "group";
  members: readonly Member[];
}
interface JsonField extends Base {
  kind: "json";
}
export type Field =
  | TextField
  | NumberField
  | YesNoField
  | ChoiceField
  | ListField
  | GroupField
  | JsonField;

export interface Member {
  name: string;
  required: boolean;
  field: Field;
}

export const BOUNDS = {
  depth: 6,
  fields: 300,
  members: 60,
  choices: 100,
  choiceChars: 200,
  nameChars: 100,
  titleChars: 80,
  hintChars: 300,
  refs: 20,
} as const;

/** The fields of a tool's arguments; null if only JSON text can show them. */
export function readFields(schema: unknown): GroupField | null {
  const reader = new Reader(schema);
  const field = reader.read(schema, 0);
  // A form that lacks some fields and has many of JSON text helps nobody.
  return field.kind === "group" && !reader.isFull ? field : null;
}

class Reader {
  private left: number = BOUNDS.fields;

  constructor(private readonly root: unknown) {}

  get isFull(): boolean {
    return this.left < 0;
  }

  read(schema: unknown, depth: number): Field {
    this.left -= 1;
    const nullable = { value: false };
    const plain = this.simplify(schema, nullable);
    const base: Base = {
      title: textOf(plain, "title", BOUNDS.titleChars),
      hint: textOf(plain, "description", BOUNDS.hintChars),
      nullable: nullable.value,
      initial: plain ? memberOf(plain, "default") : undefined,
    };
    if (!plain || depth > BOUNDS.depth || this.left < 0) return { ...base, kind: "json" };
    return this.readPlain(plain, base, depth) ?? { ...base, kind: "json" };
  }

  private readPlain(schema: JsonObject, base: Base, depth: number): Field | null {
    const choices = readChoices(schema);
    if (choices !== undefined) return choices && { ...base, kind: "choice", choices };
    const kind = kindOf(schema);
    switch (kind) {
      case "string":
        return { ...base, kind: "text", long: memberOf(schema, "format") === "multi-line" };
      case "integer":
      case "number":
        return {
          ...base,
          kind: "number",
          whole: kind === "integer",
          min: numberOf(schema, "minimum"),
          max: numberOf(schema, "maximum"),
        };
      case "boolean":
        return { ...base, kind: "yes_no" };
      case "array":
        return this.readList(schema, base, depth);
      case "object":
        return this.readGroup(schema, base, depth);
      default:
        return null;
    }
  }

  private readList(schema: JsonObject, base: Base, depth: number): Field | null {
    if (Object.hasOwn(schema, "prefixItems")) return null;
    const items = memberOf(schema, "items");
    if (!isObject(items)) return null;
    return { ...base, kind: "list", item: this.read(items, depth + 1) };
  }

  private readGroup(schema: JsonObject, base: Base, depth: number): Field | null {
    const properties = memberOf(schema, "properties");
    if (!isObject(properties) || Object.hasOwn(schema, "patternProperties")) return null;
    const names = Object.keys(properties);
    if (names.length > BOUNDS.members) return null;
    if (names.some((name) => name.length > BOUNDS.nameChars)) return null;
    const required = memberOf(schema, "required");
    const needed = new Set(isList(required) ? required : []);
    const members = names.map((name) => ({
      name,
      required: needed.has(name),
      field: this.read(memberOf(properties, name), depth + 1),
    }));
    return { ...base, kind: "group", members };
  }

  /** Follows references and takes `null` out of alternatives; null if more than one is left. */
  private simplify(schema: unknown, nullable: { value: boolean }): JsonObject | null {
    let now: unknown = schema;
    let around: JsonObject = {};
    for (let step = 0; step < BOUNDS.refs; step += 1) {
      if (!isObject(now)) return null;
      const next = this.unwrap(now, nullable);
      if (next === undefined) return { ...now, ...around };
      // What stands beside a reference describes this use of it.
      around = { ...describing(now), ...around };
      now = next;
    }
    return null;
  }

  private unwrap(schema: JsonObject, nullable: { value: boolean }): unknown {
    const ref = memberOf(schema, "$ref");
    if (typeof ref === "string") return this.find(ref);
    for (const word of ["anyOf", "oneOf", "allOf"]) {
      const options = memberOf(schema, word);
      if (!isList(options)) continue;
      const others = options.filter((each) => memberOf(each, "type") !== "null");
      if (others.length < options.length) nullable.value = true;
      return others.length === 1 && kindOf(schema) === undefined ? others[0] : null;
    }
    const types = memberOf(schema, "type");
    if (!isList(types)) return undefined;
    const others = types.filter((each) => each !== "null");
    if (others.length < types.length) nullable.value = true;
    return others.length === 1 ? { ...schema, type: others[0] ?? null } : null;
  }

  private find(ref: string): unknown {
    if (ref !== "#" && !ref.startsWith("#/")) return null;
    let found: unknown = this.root;
    for (const part of ref.split("/").slice(1, 10)) {
      const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
      found = isList(found) ? memberOf(found, Number(name)) : memberOf(found, name);
    }
    return found;
  }
}

function describing(schema: JsonObject): JsonObject {
  const kept = ["title", "description", "default"];
  return Object.fromEntries(Object.entries(schema).filter(([name]) => kept.includes(name)));
}

function kindOf(schema: JsonObject): string | undefined {
  const type = memberOf(schema, "type");
  if (typeof type === "string") return type;
  return Object.hasOwn(schema, "properties") ? "object" : undefined;
}

/** undefined: it has none. null: too many or too long, or other things than texts and numbers. */
function readChoices(schema: JsonObject): readonly Scalar[] | null | undefined {
  const fixed = memberOf(schema, "const");
  const options = fixed === undefined ? memberOf(schema, "enum") : [fixed];
  if (options === undefined) return undefined;
  if (!isList(options) || options.length === 0 || options.length > BOUNDS.choices) return null;
  const good = options.filter(isScalar);
  return good.length === options.length ? good : null;
}

function isScalar(value: Json): value is Scalar {
  if (typeof value === "string") return value.length <= BOUNDS.choiceChars;
  return typeof value === "number" || typeof value === "boolean";
}

function numberOf(schema: JsonObject, name: string): number | undefined {
  const value = memberOf(schema, name);
  return typeof value === "number" ? value : undefined;
}

function textOf(schema: JsonObject | null, name: string, most: number): string {
  const value = schema ? memberOf(schema, name) : undefined;
  if (typeof value !== "string") return "";
  return value.length > most ? `${value.slice(0, most)}…` : value;
}
