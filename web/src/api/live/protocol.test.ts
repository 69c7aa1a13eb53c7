import { describe, expect, it } from "vitest";
import { readLiveMessage, tabOf } from "./protocol";

describe("readLiveMessage", () => {
  it("reads one event", () => {
    const text = '{"topic": "run/a#t.1", "event": "run_started", "id": "1", "data": {"x": 1}}';
    expect(readLiveMessage(text)).toEqual({
      topic: "run/a#t.1",
      events: [{ topic: "run/a#t.1", event: "run_started", id: "1", data: { x: 1 } }],
    });
  });

  it("reads several in their order", () => {
    const text =
      '{"topic": "run/a", "events": [{"event": "x", "id": "1", "data": {}}, {"event": "y", "data": {}}]}';
    expect(readLiveMessage(text)?.events).toEqual([
      { topic: "run/a", event: "x", id: "1", data: {} },
      { topic: "run/a", event: "y", data: {} },
    ]);
  });

  it("passes over what is not of a topic, or not an event", () => {
    expect(readLiveMessage('{"event": "alive", "data": {}}')).toBeNull();
    expect(readLiveMessage('{"topic": "a", "events": [1, null, {"data": 1}]}')?.events).toEqual([]);
    expect(readLiveMessage('{"topic": "a"}')?.events).toEqual([]);
  });
});

describe("tabOf", () => {
  it("reads the tab of a reader", () => {
    expect(tabOf('{"topic": "run/a#tab-1.3", "event": "end", "data": {}}')).toBe("tab-1");
    expect(tabOf('{"topic": "runs?agent=%22a#tab-1.12", "events": []}')).toBe("tab-1");
    expect(tabOf('{"topic": "a \\"quoted\\" #b#tab.1", "events": []}')).toBe("tab");
  });

  it("knows no tab of what is for nobody", () => {
    expect(tabOf('{"event": "alive", "data": {"topic": "x#tab.1"}}')).toBeUndefined();
    expect(tabOf('{"topic": "run/a", "events": []}')).toBeUndefined();
  });
});
