import { describe, expect, it } from "vitest";
import { BOUNDS, type Field, type GroupField, readFields } from "./fields";
import { editOf, fits, initialOf, membersOf, numberProblem } from "./form_values";
import type { Json, JsonObject } from "./json_value";

function fieldOf(schema: Json): Field {
  const group = readFields({ type: "object", properties: { it: schema } });
  const field = group?.members[0]?.field;
  if (!field) throw new Error("no field");
  return field;
}

function parsed(text: string): JsonObject {
  return JSON.parse(text) as JsonObject;
}

function sizeOf(field: Field): number {
  if (field.kind === "list") return 1 + sizeOf(field.item);
  if (field.kind !== "group") return 1;
  return 1 + field.members.reduce((sum, member) => sum + sizeOf(member.field), 0);
}

describe("readFields", () => {
  it("reads what tools of Python functions declare", () => {
    const group = readFields({
      type: "object",
      $defs: {
        Line: {
          type: "object",
          title: "Line",
          properties: { article: { type: "string" }, count: { type: "integer", minimum: 1 } },
          required: ["article"],
        },
      },
      properties: {
        to: { type: "string", description: "Who gets it." },
        amount: { type: "number" },
        express: { type: "boolean", default: false },
        currency: { enum: ["EUR", "USD"], type: "string", default: "EUR" },
        note: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
        lines: { type: "array", items: { $ref: "#/$defs/Line" } },
        free: {},
      },
      required: ["to", "amount"],
    });
    const shapes = group?.members.map((each) => [each.name, each.field.kind, each.required]);
    expect(shapes).toEqual([
      ["to", "text", true],
      ["amount", "number", true],
      ["express", "yes_no", false],
      ["currency", "choice", false],
      ["note", "text", false],
      ["lines", "list", false],
      ["free", "json", false],
    ]);
    expect(group?.members[0]?.field.hint).toBe("Who gets it.");
    expect(group?.members[4]?.field.nullable).toBe(true);
    const lines = group?.members[5]?.field;
    expect(lines?.kind === "list" && lines.item.kind).toBe("group");
    expect(lines?.kind === "list" && initialOf(lines.item)).toEqual({ article: "" });
  });

  it("shows as JSON what has more than one form", () => {
    expect(fieldOf({ anyOf: [{ type: "string" }, { type: "number" }] }).kind).toBe("json");
    expect(fieldOf({ type: ["string", "number"] }).kind).toBe("json");
    expect(fieldOf({ type: "array", prefixItems: [{}], items: {} }).kind).toBe("json");
    expect(fieldOf({ type: "object", additionalProperties: { type: "string" } }).kind).toBe("json");
    expect(fieldOf({ allOf: [{ type: "string" }, { minLength: 1 }] }).kind).toBe("json");
    expect(fieldOf({ type: "teapot" }).kind).toBe("json");
    expect(fieldOf({ type: ["string", "null"] }).kind).toBe("text");
    expect(fieldOf(true).kind).toBe("json");
  });

  it("keeps the description that stands beside a reference", () => {
    const group = readFields({
      properties: { at: { $ref: "#/$defs/At", description: "Here." } },
      $defs: { At: { type: "string", description: "There." } },
    });
    expect(group?.members[0]?.field.hint).toBe("Here.");
  });
});

describe("hostile schemas", () => {
  it("ends at loops of references", () => {
    expect(fieldOf({ $ref: "#/properties/it" }).kind).toBe("json");
    const tree = readFields({
      type: "object",
      properties: { left: { $ref: "#" }, right: { $ref: "#" }, middle: { $ref: "#" } },
    });
    // Three to the power of the depth: too many fields for a form.
    expect(tree).toBeNull();
    const chain = readFields({ type: "object", properties: { next: { $ref: "#" } } });
    expect(chain && sizeOf(chain)).toBeLessThanOrEqual(BOUNDS.depth + 2);
  });

  it("is bounded in width, depth and text", () => {
    const wide = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, at) => [`p${at}`, { type: "string" }]),
    );
    expect(readFields({ type: "object", properties: wide })).toBeNull();
    const deep = `${'{"type":"array","items":'.repeat(5_000)}{}${"}".repeat(5_000)}`;
    expect(sizeOf(fieldOf(JSON.parse(deep) as Json))).toBeLessThan(BOUNDS.depth + 3);
    const long = fieldOf({ type: "string", title: "t".repeat(1e6), description: "d".repeat(1e6) });
    expect(long.title.length + long.hint.length).toBeLessThan(500);
    expect(fieldOf({ enum: ["x".repeat(1e6)] }).kind).toBe("json");
    expect(fieldOf({ enum: Array.from({ length: 1000 }, (_, at) => at) }).kind).toBe("json");
    const named = readFields({ type: "object", properties: { ["n".repeat(1e5)]: {} } });
    expect(named).toBeNull();
  });

  it("takes odd keys as keys", () => {
    const group = readFields(
      parsed(
        '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"number"}}}',
      ),
    );
    expect(group?.members.map((each) => [each.name, each.field.kind])).toEqual([
      ["__proto__", "text"],
      ["constructor", "number"],
    ]);
    expect(fieldOf({ $ref: "#/__proto__/toString" }).kind).toBe("json");
    expect(fieldOf(parsed('{"__proto__":{"type":"string"}}')).kind).toBe("json");
    const made = initialOf({ ...group, members: required(group) } as GroupField) as JsonObject;
    expect(Object.keys(made)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  });

  it("reads nonsense without failing", () => {
    const nonsense: unknown[] = [null, 1, "x", [], { type: 3 }, { properties: [] }, { $ref: 7 }];
    for (const each of nonsense) expect(readFields(each)).toBeNull();
    const odd = {
      properties: { a: { enum: {} }, b: { required: 3, properties: null } },
      required: 1,
    };
    expect(readFields(odd)?.members.map((each) => each.field.kind)).toEqual(["json", "json"]);
  });
});

function required(group: GroupField | null) {
  return (group?.members ?? []).map((each) => ({ ...each, required: true }));
}

describe("values", () => {
  const group = readFields({ type: "object", properties: { a: { type: "string" } } }) as GroupField;

  it("shows arguments that the schema does not know", () => {
    const names = membersOf(group, { a: "x", b: 1 }).map((each) => [each.name, each.field.kind]);
    expect(names).toEqual([
      ["a", "text"],
      ["b", "json"],
    ]);
  });

  it("knows which values a control can show", () => {
    expect(fits(fieldOf({ type: "number" }), "12")).toBe(false);
    expect(fits(fieldOf({ type: "array", items: {} }), Array(1000).fill(0))).toBe(false);
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`x${at}`, 1]));
    expect(fits(group, many)).toBe(false);
  });

  it("checks numbers", () => {
    expect(numberProblem("1.5", { whole: true })).not.toBeNull();
    expect(numberProblem("", { whole: false })).not.toBeNull();
    expect(numberProblem("-3", { whole: true, min: 0 })).not.toBeNull();
    expect(numberProblem("12345678901234567890", { whole: true })).not.toBeNull();
    expect(numberProblem("1e3", { whole: true, max: 1000 })).toBeNull();
  });
});

describe("editOf", () => {
  const asked = { to: "Ada", amount: 250, lines: [{ n: 1 }] };

  it("sends what has changed", () => {
    expect(editOf(asked, { ...asked })).toBeNull();
    expect(editOf(asked, { ...asked, lines: [{ n: 1 }] })).toBeNull();
    expect(editOf(asked, { ...asked, amount: 90 })).toEqual({
      arguments: { amount: 90 },
      replace: false,
    });
  });

  it("replaces all when something is removed", () => {
    expect(editOf(asked, { to: "Ada" })).toEqual({ arguments: { to: "Ada" }, replace: true });
  });

  it("keeps odd keys", () => {
    const edit = editOf({}, parsed('{"__proto__": {"admin": true}}'));
    expect(JSON.stringify(edit?.arguments)).toBe('{"__proto__":{"admin":true}}');
  });
});
