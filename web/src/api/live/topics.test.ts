import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Ask, LiveEvent } from "./protocol";
import { Topics } from "./topics";

const AWAY = {
  status: 503,
  code: "stack.unreachable",
  retryable: true,
  detail: "Temporal is away.",
};
const MISSING = { status: 404, code: "run.not_found", retryable: false, detail: "There is none." };

let asked: Ask[];
let seen: LiveEvent[];
let topics: Topics;
let troubles: (string | undefined)[];

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  seen = [];
  troubles = [];
  topics = new Topics(
    (ask) => asked.push(ask),
    () => troubles.push(topics.trouble),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

function follow(topic: string, after?: string): Ask {
  return topics.add(topic, (event) => seen.push(event), after);
}

function fail(topic: string, data: unknown = AWAY): void {
  topics.deliver({ topic, event: "error", data });
}

describe("Topics", () => {
  it("asks again from the newest event with an id", () => {
    expect(follow("run/a")).toEqual({ do: "follow", topic: "run/a" });
    topics.deliver({ topic: "run/a", event: "run_started", id: "1", data: {} });
    topics.deliver({ topic: "run/a", event: "output_delta", data: {} });
    expect(topics.asks()).toEqual([{ do: "follow", topic: "run/a", after: "1" }]);
    expect(seen).toHaveLength(2);
  });

  it("does not ask again for what is over", () => {
    follow("run/a");
    topics.deliver({ topic: "run/a", event: "end", data: {} });
    expect(topics.asks()).toEqual([]);
  });

  it("delivers nothing after a topic was left", () => {
    follow("approvals");
    topics.remove("approvals");
    topics.deliver({ topic: "approvals", event: "ready", data: {} });
    expect(seen).toEqual([]);
    expect(topics.asks()).toEqual([]);
  });
});

describe("a topic that stops with an error", () => {
  it("is followed again from where it was read to, if the error can pass", () => {
    follow("approvals");
    topics.deliver({ topic: "approvals", event: "ready", id: "a-1", data: {} });
    fail("approvals");
    expect(asked).toEqual([]);
    vi.runAllTimers();
    expect(asked).toEqual([{ do: "follow", topic: "approvals", after: "a-1" }]);
    expect(seen.map((event) => event.event)).toEqual(["ready"]);
  });

  it("is followed again after a fault of the daemon", () => {
    follow("runs?");
    fail("runs?", { status: 500, code: "api.fault", retryable: false });
    vi.runAllTimers();
    expect(asked).toEqual([{ do: "follow", topic: "runs?" }]);
    expect(seen).toEqual([]);
  });

  it("hands a final error to its reader", () => {
    follow("run/none");
    fail("run/none", MISSING);
    vi.runAllTimers();
    expect(seen.map((event) => event.data)).toEqual([MISSING]);
    expect(asked).toEqual([]);
  });

  it("is asked for less and less often, and soon again after it came back", () => {
    follow("approvals");
    const pauses = Array.from({ length: 8 }, () => {
      fail("approvals");
      const before = Date.now();
      vi.runAllTimers();
      return Date.now() - before;
    });
    expect(pauses[0]).toBeLessThanOrEqual(1_000);
    expect(pauses[7]).toBeGreaterThanOrEqual(7_500);
    expect(pauses[7]).toBeLessThanOrEqual(15_000);
    topics.deliver({ topic: "approvals", event: "ready", data: {} });
    fail("approvals");
    const before = Date.now();
    vi.runAllTimers();
    expect(Date.now() - before).toBeLessThanOrEqual(1_000);
  });

  it("is asked for once when a reconnect comes first", () => {
    follow("approvals");
    fail("approvals");
    expect(topics.asks()).toHaveLength(1);
    vi.runAllTimers();
    expect(asked).toEqual([]);
  });

  it("is not asked for after it was left", () => {
    follow("approvals");
    fail("approvals");
    topics.remove("approvals");
    vi.runAllTimers();
    expect(asked).toEqual([]);
    expect(topics.trouble).toBeUndefined();
  });

  it("says why until it is back", () => {
    follow("approvals");
    follow("runs?");
    fail("approvals");
    fail("runs?");
    topics.deliver({ topic: "approvals", event: "ready", data: {} });
    expect(topics.trouble).toBe("Temporal is away.");
    topics.deliver({ topic: "runs?", event: "rows", data: {} });
    expect(troubles).toEqual(["Temporal is away.", undefined]);
  });
});
