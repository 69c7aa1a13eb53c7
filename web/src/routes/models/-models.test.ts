import { expect, test } from "vitest";
import { formatPrice, groupModels, type ModelView, readSearch } from "./-models";

const model = (name: string, ready: boolean): ModelView => ({
  model: name,
  context: 1,
  capabilities: [],
  ready,
  default: false,
});

test("providers that can be used come first", () => {
  const models = [model("a/one", false), model("b/two", true), model("a/three", false)];
  expect(groupModels(models, {}).map((each) => each.name)).toEqual(["b", "a"]);
  expect(groupModels(models, { find: "THREE" }).flatMap((each) => each.models)).toEqual([
    models[2],
  ]);
  expect(groupModels(models, { ready: true })).toHaveLength(1);
});

test("prices and the address", () => {
  expect([0, 0.125, 0.1, 2, 12.5, 50].map(formatPrice)).toEqual([
    "$0",
    "$0.125",
    "$0.10",
    "$2",
    "$12.50",
    "$50",
  ]);
  expect(readSearch({ find: 5, ready: "yes", other: 1 })).toEqual({ find: "5" });
});
