import { expect, it } from "vitest";
import { readNames } from "./read_names";

it.each([
  ["a,b,a,", ["a", "b"]],
  [
    ["a,b", 12, null, ""],
    ["a,b", "12"],
  ],
  [12, ["12"]],
  [{}, []],
  [undefined, []],
])("reads the names in %j", (value, names) => {
  expect(readNames(value)).toEqual(names);
});
