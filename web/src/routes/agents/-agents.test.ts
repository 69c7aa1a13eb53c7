import { expect, test } from "vitest";
import { type AgentView, describeBudget, describePolicy, isServed, sortAgents } from "./-agents";

const agent = (name: string, workers: string[], problem?: string): AgentView => ({
  name,
  models: [],
  tools: [],
  build: "1",
  published: 1,
  first: 1,
  host: "here",
  workers,
  ...(problem ? { problem } : {}),
});

test("those that can be used come first", () => {
  const agents = [
    agent("a", []),
    agent("c", ["w"]),
    agent("b", ["w"]),
    agent("d", ["w"], "broken"),
  ];
  expect(sortAgents(agents).map((each) => each.name)).toEqual(["b", "c", "a", "d"]);
  expect(agents.map(isServed)).toEqual([false, true, true, false]);
});

test("policies and budgets in words", () => {
  expect(describePolicy({ effect: "write", approval: true, attempts: 1, timeout_s: 5 })).toEqual([
    "asks for approval",
    "at most 5 s",
    "one attempt",
  ]);
  expect(describeBudget({ tokens: 12000, cost_micros: 500_000, ask: true })).toEqual([
    "12,000 tokens",
    "$0.50",
    "asks when one is used up",
  ]);
});
