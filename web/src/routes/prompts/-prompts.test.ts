import { expect, test } from "vitest";
import { readPromptSearch, STARTER, splitHeader, splitVariables } from "./-prompts";

test("declarations stand apart from the text", () => {
  expect(splitHeader(STARTER).body).toBe("Write about {{ topic }}.\n");
  expect(splitHeader(STARTER).header).toContain("[variables.topic]");
  expect(splitHeader("no +++\nheader")).toEqual({ header: "", body: "no +++\nheader" });
});

test("variables stand apart from the text around them", () => {
  const pieces = splitVariables("A {{ b }} c \\{{ d }} {{e}}");
  expect(pieces.filter((each) => each.variable).map((each) => each.text)).toEqual([
    "{{ b }}",
    "{{e}}",
  ]);
  expect(pieces.map((each) => each.text).join("")).toBe("A {{ b }} c \\{{ d }} {{e}}");
});

test("the address", () => {
  expect(readPromptSearch({ tab: "versions", before: 1, after: 3, version: "x" })).toEqual({
    tab: "versions",
    before: 1,
    after: 3,
  });
  expect(readPromptSearch({ tab: "text", before: -1, after: 1.5 })).toEqual({});
});
