import { describe, expect, it } from "vitest";
import { Problem } from "@/api/problem";
import { bodyOf, EMPTY, faultsOf, type Variable } from "./start_form";

const form = { ...EMPTY, agent: "support", prompt: "Hello" };

describe("bodyOf", () => {
  it("sends only what was filled in", () => {
    expect(bodyOf(form, [], [])).toEqual({
      body: { agent: "support", prompt: "Hello" },
      faults: {},
    });
  });

  it("reads budget, labels and files", () => {
    const filled = { ...form, turns: "5", dollars: "0.25", labels: "team = a=b\n\nx=", ask: true };
    const { body, faults } = bodyOf(filled, [], ["f1"]);
    expect(faults).toEqual({});
    expect(body.budget).toEqual({ turns: 5, cost_micros: 250_000, ask: true });
    expect(body.labels).toEqual({ team: "a=b", x: "" });
    expect(body.files).toEqual(["f1"]);
  });

  it("says what is wrong at each field", () => {
    const wrong = { ...EMPTY, turns: "1.5", tokens: "0", seconds: "soon", labels: "x" };
    expect(Object.keys(bodyOf(wrong, [], []).faults).sort()).toEqual([
      "agent",
      "labels",
      "prompt",
      "seconds",
      "tokens",
      "turns",
    ]);
  });

  it("reads variables by their types", () => {
    const declare = (name: string, type: Variable["type"], more: Partial<Variable> = {}) =>
      ({ name, type, required: true, ...more }) as Variable;
    const declared = [
      declare("count", "integer"),
      declare("yes", "boolean"),
      declare("names", "strings"),
      declare("tone", "enum", { choices: ["calm"] }),
      declare("note", "string", { required: false }),
      declare("constructor", "string"),
    ];
    const variables = { count: "3", yes: "false", names: "a\nb\n", tone: "loud" };
    const filled = { ...form, isTemplate: true, template: "t@1", variables };
    const { body, faults } = bodyOf(filled, declared, []);
    expect(body.variables).toEqual({ count: 3, yes: false, names: ["a", "b"] });
    expect(body.prompt).toBeUndefined();
    expect(Object.keys(faults)).toEqual(["variables.tone", "variables.constructor"]);
  });
});

describe("faultsOf", () => {
  it("puts a refusal at its field", () => {
    const errors = [{ field: "body.budget.cost_micros", problem: "too small" }];
    expect(faultsOf(new Problem({ errors }, 400))).toEqual({ dollars: "too small" });
    const unknown = { code: "config.unknown_agent", detail: "No agent", fix: "Serve" };
    expect(faultsOf(new Problem(unknown, 404))).toEqual({ agent: "No agent Serve" });
    const limit = new Problem({ detail: "The budget has turns=0, which is not", code: "x" }, 400);
    expect(Object.keys(faultsOf(limit))).toEqual(["turns"]);
    expect(faultsOf(new Problem({ code: "api.busy" }, 429))).toEqual({});
  });
});
