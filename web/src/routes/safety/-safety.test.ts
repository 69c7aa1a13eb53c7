import { expect, test } from "vitest";
import { describeProfile, readArguments, readSearch } from "./-safety";

test("the address", () => {
  expect(readSearch({ tab: "explain", agent: 5, tool: "pay", x: 1 })).toEqual({
    tab: "explain",
    agent: "5",
    tool: "pay",
  });
  expect(readSearch({ tab: "rules", agent: "" })).toEqual({});
});

test("arguments are an object", () => {
  expect(readArguments(" ")).toEqual({ value: {} });
  expect(readArguments('{"a": [1]}')).toEqual({ value: { a: [1] } });
  expect(readArguments("[1]").fault).toContain("object");
  expect(readArguments("{").fault).toContain("not JSON");
});

test("a profile of a newer daemon has no description", () => {
  expect(describeProfile("watch")).toContain("record");
  expect(describeProfile("toString")).toBeUndefined();
});
