import { describe, expect, it } from "vitest";
import type { LiveEvent } from "./protocol";
import { Topics } from "./topics";

describe("Topics", () => {
  it("asks again from the newest event with an id", () => {
    const topics = new Topics();
    const seen: LiveEvent[] = [];
    const ask = topics.add("run/a", (event) => seen.push(event), undefined);
    expect(ask).toEqual({ do: "follow", topic: "run/a" });
    topics.deliver({ topic: "run/a", event: "run_started", id: "1", data: {} });
    topics.deliver({ topic: "run/a", event: "output_delta", data: {} });
    expect(topics.asks()).toEqual([{ do: "follow", topic: "run/a", after: "1" }]);
    expect(seen).toHaveLength(2);
  });

  it("does not ask again for what is over", () => {
    const topics = new Topics();
    topics.add("run/a", () => {}, undefined);
    topics.deliver({ topic: "run/a", event: "end", data: {} });
    expect(topics.asks()).toEqual([]);
  });

  it("delivers nothing after a topic was left", () => {
    const topics = new Topics();
    const seen: LiveEvent[] = [];
    topics.add("approvals", (event) => seen.push(event), undefined);
    topics.remove("approvals");
    topics.deliver({ topic: "approvals", event: "ready", data: {} });
    expect(seen).toEqual([]);
    expect(topics.asks()).toEqual([]);
  });
});
