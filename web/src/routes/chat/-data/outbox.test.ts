import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import { Outbox, type Outgoing, type Store } from "./outbox";
import type { Receipt } from "./types";

function makeStore(): Store {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    key: (place) => [...kept.keys()][place] ?? null,
    get length() {
      return kept.size;
    },
  };
}

function message(id: string, more: Partial<Outgoing> = {}): Outgoing {
  return { id, chat: "c", user: "ana", at: Number(id), text: `text ${id}`, files: [], ...more };
}

const RECEIPT = { outcome: "started", position: 0 } as Omit<Receipt, "message">;

/** A daemon that has each message once, and fails as told. */
class Daemon {
  readonly inbox = new Map<string, string>();
  asked: string[] = [];
  /** What becomes of the next requests: "lost" is an answer that never arrives. */
  plan: ("lost" | Problem)[] = [];

  send = async (sent: Outgoing): Promise<Receipt> => {
    this.asked.push(sent.id);
    const next = this.plan.shift();
    if (next instanceof Problem) throw next;
    if (!this.inbox.has(sent.id)) this.inbox.set(sent.id, sent.text);
    if (next === "lost") throw Problem.offline();
    return { message: sent.id, ...RECEIPT } as Receipt;
  };
}

describe("Outbox", () => {
  let store: Store;
  let daemon: Daemon;
  afterEach(() => {
    vi.useRealTimers();
  });

  beforeEach(() => {
    vi.useFakeTimers();
    store = makeStore();
    daemon = new Daemon();
  });

  it("sends messages in order, and forgets them once they are confirmed", async () => {
    const outbox = new Outbox(store, daemon.send, "ana");
    outbox.add(message("1"));
    outbox.add(message("2"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect([...daemon.inbox.keys()]).toEqual(["1", "2"]);
    expect(store.length).toBe(0);
    expect(outbox.all()).toHaveLength(2);
    await vi.runAllTimersAsync();
    expect(outbox.all()).toEqual([]);
  });

  it("repeats under the same id when the answer was lost", async () => {
    daemon.plan = ["lost", "lost"];
    const outbox = new Outbox(store, daemon.send, "ana");
    outbox.add(message("1"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(daemon.asked).toEqual(["1", "1", "1"]);
    expect(daemon.inbox.size).toBe(1);
    expect(outbox.all()[0]?.state).toBe("accepted");
  });

  it("survives a reload", async () => {
    daemon.plan = [Problem.offline()];
    new Outbox(store, daemon.send, "ana").add(message("1"));
    await vi.advanceTimersByTimeAsync(1);
    const later = new Outbox(store, daemon.send, "ana");
    expect(later.all()[0]?.message.text).toBe("text 1");
    later.wake();
    await vi.advanceTimersByTimeAsync(1);
    expect(daemon.inbox.size).toBe(1);
  });

  it("does not send what another user has written", async () => {
    daemon.plan = [Problem.offline()];
    new Outbox(store, daemon.send, "ana").add(message("1"));
    await vi.advanceTimersByTimeAsync(1);
    const outbox = new Outbox(store, daemon.send, "bob");
    outbox.wake();
    await vi.advanceTimersByTimeAsync(1);
    expect(outbox.all()).toEqual([]);
    expect(daemon.asked).toEqual(["1"]);
  });

  it("keeps what was refused for its author, and goes on with the next", async () => {
    daemon.plan = [new Problem({ detail: "It is archived.", code: "x" }, 409)];
    const outbox = new Outbox(store, daemon.send, "ana");
    outbox.add(message("1"));
    outbox.add(message("2"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(outbox.all().map((each) => each.state)).toEqual(["refused", "accepted"]);
    expect(new Outbox(store, daemon.send, "ana").all()[0]?.state).toBe("refused");
    outbox.retry("1");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(daemon.inbox.has("1")).toBe(true);
  });

  it("does not overtake: a later message waits for an earlier one", async () => {
    daemon.plan = [Problem.offline()];
    const outbox = new Outbox(store, daemon.send, "ana");
    outbox.add(message("1"));
    outbox.add(message("2"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect([...daemon.inbox.keys()]).toEqual(["1", "2"]);
  });

  it("takes a message back", async () => {
    daemon.plan = [Problem.offline()];
    const outbox = new Outbox(store, daemon.send, "ana");
    outbox.add(message("1"));
    await vi.advanceTimersByTimeAsync(1);
    expect(outbox.remove("1")?.text).toBe("text 1");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(daemon.inbox.size).toBe(0);
    expect(store.length).toBe(0);
  });

  it("ignores what it cannot read", () => {
    store.setItem("harness.chat.out.x", "{");
    store.setItem("harness.chat.out.y", "[]");
    expect(new Outbox(store, daemon.send, "ana").all()).toEqual([]);
  });
});
