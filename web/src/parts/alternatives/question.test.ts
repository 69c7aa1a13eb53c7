import { beforeEach, expect, it, vi } from "vitest";
import { findQuestion, startWhatIf } from "./question";
import { readQuestion, type WhatIfQuestion } from "./read_question";

const QUESTION: WhatIfQuestion = {
  runs: ["a", "b"],
  at: 1,
  hint: "Be brief.",
  results: {},
  n: 3,
  live_reads: false,
};

beforeEach(() => {
  const kept: Record<string, string> = {};
  const methods = {
    getItem: (key: string) => kept[key] ?? null,
    setItem: (key: string, text: string) => {
      kept[key] = text;
    },
    removeItem: (key: string) => {
      delete kept[key];
    },
  };
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(kept, name, { value, enumerable: false });
  vi.stubGlobal("localStorage", kept);
});

it("is known to its user in every tab, and to others by its address", () => {
  const { key, ask } = startWhatIf(QUESTION, "ana");
  expect(findQuestion(key, "ana")).toEqual(QUESTION);
  expect(findQuestion(key, "ben")).toBeNull();
  expect(readQuestion(JSON.parse(JSON.stringify(ask)))).toEqual(QUESTION);
});

it("leaves long questions out of the address", () => {
  const { ask, runs } = startWhatIf({ ...QUESTION, instructions: "x".repeat(2_000) }, "ana");
  expect(ask).toBeUndefined();
  expect(runs).toEqual(["a", "b"]);
  const many = Array.from({ length: 1_000 }, (_, number) => `run-${number}`);
  expect(Object.keys(startWhatIf({ ...QUESTION, runs: many }, "ana"))).toEqual(["key"]);
});

it("keeps only the newest", () => {
  const keys = Array.from({ length: 60 }, () => startWhatIf(QUESTION, "ana").key);
  expect(Object.keys(localStorage)).toHaveLength(50);
  expect(findQuestion(keys.at(-1) ?? "", "ana")).not.toBeNull();
});

it("reads no question from what is none", () => {
  const { runs: _, ...noRuns } = QUESTION;
  const broken = [null, "x", [], {}, noRuns, { ...QUESTION, runs: [] }, { ...QUESTION, runs: [1] }];
  for (const value of broken) expect(readQuestion(value)).toBeNull();
  expect(readQuestion({ ...QUESTION, n: 0 })).toBeNull();
  expect(readQuestion({ ...QUESTION, at: 1.5 })).toBeNull();
  expect(readQuestion({ ...QUESTION, results: { call: 3 } })).toBeNull();
  expect(readQuestion({ ...QUESTION, hint: 3, other: 1 })).toEqual({
    ...QUESTION,
    hint: undefined,
  });
});
