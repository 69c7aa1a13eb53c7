import { expect, test } from "vitest";
import { describePast, gaugesOf, type Limit, namePriority } from "./-limits";

const limit = (more: Partial<Limit>): Limit => ({
  kind: "model",
  name: "openai/gpt-5",
  requests: 3,
  tokens: 500,
  in_use: 1,
  waiting: 0,
  granted: 0,
  waited: 0,
  waited_seconds: 0,
  refused: 0,
  users: [],
  queue: [],
  ...more,
});

test("a limit that is not set has no gauge", () => {
  expect(gaugesOf(limit({ width: 2 }))).toEqual([{ name: "Calls at once", used: 1, limit: 2 }]);
  const both = limit({ requests_per_minute: 60, tokens_per_minute: 1_000, reported_requests: 50 });
  expect(gaugesOf({ ...both, reported_tokens: 1_000 })).toEqual([
    { name: "Requests per minute", used: 3, limit: 60, reported: 50 },
    { name: "Tokens per minute", used: 500, limit: 1_000 },
  ]);
});

test("how calls waited", () => {
  const write = (seconds: number) => `${seconds} s`;
  expect(describePast(limit({}), write)).toBe("No call so far");
  expect(describePast(limit({ granted: 1 }), write)).toBe("1 call so far, none waited");
  expect(describePast(limit({ granted: 1_000, waited: 2, waited_seconds: 3 }), write)).toBe(
    "1,000 calls so far, 1 % waited, 1.5 s on average",
  );
});

test("only an unusual priority is named", () => {
  expect([null, 1, 3, 5, 9].map(namePriority)).toEqual(["", "most urgent", "", "least urgent", ""]);
});
