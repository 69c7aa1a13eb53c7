import { afterEach, describe, expect, it, vi } from "vitest";
import { browserName } from "../browser_name";
import { LiveHub } from "./hub";
import { FakeSocket, stubBrowser } from "./testing";

/** The name by which the hub has asked for a topic. */
function asked(place = -1): { do: string; topic: string; after?: string } {
  const found = FakeSocket.newest.sent.at(place);
  if (!found) throw new Error("Nothing was asked.");
  return found;
}

function openHub(): LiveHub {
  const hub = new LiveHub();
  hub.open();
  return hub;
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("LiveHub", () => {
  it("asks again from the last event when the socket is open again", () => {
    vi.useFakeTimers();
    stubBrowser();
    const hub = openHub();
    const seen: string[] = [];
    hub.follow("run/a", ({ event }) => seen.push(event));
    FakeSocket.newest.open();
    const { topic } = asked();
    expect(FakeSocket.newest.sent).toEqual([{ do: "follow", topic }]);
    FakeSocket.newest.say(topic, "run_started", {}, "7");
    FakeSocket.newest.close();
    vi.advanceTimersByTime(8_000);
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.newest.open();
    expect(FakeSocket.newest.sent).toEqual([{ do: "follow", topic, after: "7" }]);
    FakeSocket.newest.say(topic, "run_ended", {}, "8");
    expect(seen).toEqual(["run_started", "run_ended"]);
  });

  it("begins after the cursor that a reader gives", () => {
    stubBrowser();
    const hub = openHub();
    FakeSocket.newest.open();
    hub.follow("run/a", () => {}, "3");
    expect(asked().after).toBe("3");
  });

  it("gives up a socket that is silent, and not one that says something", () => {
    vi.useFakeTimers();
    stubBrowser();
    openHub();
    const socket = FakeSocket.newest;
    socket.open();
    vi.advanceTimersByTime(44_000);
    socket.say("approvals#x.1", "ping");
    vi.advanceTimersByTime(44_000);
    expect(socket.readyState).toBe(FakeSocket.OPEN);
    vi.advanceTimersByTime(1_000);
    expect(socket.readyState).toBe(3);
  });

  it("passes on what is for another tab, and reads what is its own", async () => {
    stubBrowser({ locks: { request: (_: string, hold: () => unknown) => hold() } });
    const passed: unknown[] = [];
    const other = new BroadcastChannel(browserName("live"));
    const hub = openHub();
    const seen: string[] = [];
    FakeSocket.newest.open();
    hub.follow("approvals", ({ event }) => seen.push(event));
    const { topic } = asked();
    other.onmessage = ({ data }: MessageEvent<{ kind: string; tab?: string }>) => {
      if (data.kind === "message") passed.push(data.tab);
    };
    FakeSocket.newest.say(topic, "ready");
    FakeSocket.newest.say("approvals#another-tab.1", "waiting");
    await vi.waitFor(() => expect(passed).toEqual(["another-tab"]));
    expect(seen).toEqual(["ready"]);
    other.close();
  });

  it("opens its socket only when told to, or when another tab asks", async () => {
    stubBrowser({ locks: { request: (_: string, hold: () => unknown) => hold() } });
    const other = new BroadcastChannel(browserName("live"));
    new LiveHub();
    expect(FakeSocket.all).toHaveLength(0);
    other.postMessage({
      kind: "ask",
      tab: "another-tab",
      ask: { do: "follow", topic: "approvals" },
    });
    await vi.waitFor(() => expect(FakeSocket.all).toHaveLength(1));
    other.close();
  });
});
