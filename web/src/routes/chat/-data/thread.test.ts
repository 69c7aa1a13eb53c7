import { describe, expect, it } from "vitest";
import { ConversationLog, numberOf } from "./conversation_log";
import type { Delivery } from "./outbox";
import { buildThread, type Item, type Known, sumUsage } from "./thread";
import type { ChatView, Receipt, Stored, StoredTurn } from "./types";

function event(run: string, type: string, fields: Record<string, unknown> = {}): unknown {
  return { type, run, at: 1, trace: "t", ...fields };
}

function answerOf(run: string, text: string): unknown[] {
  const totals = { turns: 1, usage: { input: 10, output: 5 }, cost_micros: 7, tool_calls: 0 };
  return [
    event(run, "run_started", { agent: "a", model: "p/m", prompt: `ask ${run}` }),
    event(run, "model_called", { turn: 1, call: 0, model: "p/m", messages: [] }),
    event(run, "model_replied", {
      turn: 1,
      call: 0,
      model: "p/m",
      message: { role: "assistant", parts: [{ type: "text", text }] },
      usage: { input: 10, output: 5 },
      cost_micros: 7,
      ms: 1,
      attempts: 1,
      head: "h",
    }),
    event(run, "run_ended", { state: "completed", output: text, totals }),
  ];
}

function logsOf(...events: unknown[]): ConversationLog["logs"] {
  const log = new ConversationLog("c");
  for (const each of events) log.add(each);
  return log.logs;
}

function viewOf(fields: Partial<ChatView>): ChatView {
  return { waiting: [], recent: [], messages: [], served: true, ...fields } as ChatView;
}

function knownOf(fields: Partial<Known>): Known {
  return { view: viewOf({}), messages: [], turns: [], logs: new Map(), outgoing: [], ...fields };
}

function outgoing(id: string, more: Partial<Delivery> = {}): Delivery {
  const message = { id, chat: "c", user: "ana", at: 1, text: `text ${id}`, files: [] };
  return { message, state: "sending", ...more };
}

function kindsOf(items: readonly Item[]): string[] {
  return items.map((item) => item.kind);
}

describe("the events of a conversation", () => {
  it("belong to the run that they name", () => {
    const logs = logsOf(...answerOf("c.1", "one"), ...answerOf("c.2", "two"));
    expect([...logs.keys()]).toEqual([1, 2]);
    const items = buildThread(knownOf({ logs }));
    expect(items.map((item) => item.kind === "turn" && item.text)).toEqual(["ask c.1", "ask c.2"]);
  });

  it("are not taken from other conversations", () => {
    expect(numberOf("c", "c.1")).toBe(1);
    for (const run of ["d.1", "c.d.1", "c.0", "c.1.5", "c.", "cc.1"]) {
      expect(numberOf("c", run)).toBeNull();
    }
  });
});

describe("buildThread", () => {
  it("shows a run that has ended from its messages when it has no events", () => {
    const turns = [
      { run: "c.1", number: 1, state: "completed", message: "m", started_at: "2026-01-01T00:00Z" },
    ] as StoredTurn[];
    const messages = [
      { id: "m", turn: 1, role: "user", content: "hello", parts: [] },
      { id: "c.1/t1", turn: 1, role: "assistant", content: "hi", parts: [] },
    ] as unknown as Stored[];
    const [item] = buildThread(knownOf({ turns, messages }));
    expect(item).toMatchObject({ kind: "turn", text: "hello", message: "m", state: "completed" });
  });

  it("shows each message once on its way from the browser to its answer", () => {
    const sent = outgoing("m");
    const open = { message: "m", content: "text m", parts: [], pending: [] };
    const preparing = viewOf({ answering: { ...open, state: "preparing" } as never });
    const running = viewOf({
      answering: { ...open, state: "running", run: "c.1", number: 1 } as never,
    });
    const ended = viewOf({ recent: [{ message: "m", run: "c.1", number: 1, state: "completed" }] });
    const logs = logsOf(...answerOf("c.1", "one"));
    const path = [
      knownOf({ outgoing: [sent] }),
      knownOf({ outgoing: [sent], view: viewOf({ waiting: [{ id: "m", line: "text m" }] }) }),
      knownOf({ outgoing: [sent], view: preparing }),
      knownOf({ outgoing: [sent], view: running }),
      knownOf({ outgoing: [sent], view: ended, logs }),
    ];
    expect(path.map((known) => kindsOf(buildThread(known)))).toEqual([
      ["outgoing"],
      ["waiting"],
      ["preparing"],
      ["turn"],
      ["turn"],
    ]);
  });

  it("keeps a hint until its run shows it", () => {
    const receipt = { message: "h", outcome: "hinted", run: "c.1", position: 0 } as Receipt;
    const hint = outgoing("h", { state: "accepted", receipt });
    const started = event("c.1", "run_started", { agent: "a", model: "m", prompt: "go" });
    const got = event("c.1", "hint_received", { text: "text h", interrupt: false });
    expect(kindsOf(buildThread(knownOf({ outgoing: [hint], logs: logsOf(started) })))).toEqual([
      "turn",
      "outgoing",
    ]);
    expect(kindsOf(buildThread(knownOf({ outgoing: [hint], logs: logsOf(started, got) })))).toEqual(
      ["turn"],
    );
  });

  it("says which messages were not answered, and which wait", () => {
    const view = viewOf({
      recent: [{ message: "lost", state: "failed", line: "where?" }],
      waiting: [{ id: "w", line: "next" }],
    });
    expect(kindsOf(buildThread(knownOf({ view })))).toEqual(["unanswered", "waiting"]);
  });

  it("puts what it was forked with first", () => {
    const messages = [
      { id: "c.0/0", turn: 0, role: "user", content: "before", parts: [] },
    ] as unknown as Stored[];
    const logs = logsOf(...answerOf("c.1", "one"));
    expect(kindsOf(buildThread(knownOf({ messages, logs })))).toEqual(["base", "turn"]);
  });

  it("adds up what the conversation used", () => {
    const logs = logsOf(...answerOf("c.1", "one"), ...answerOf("c.2", "two"));
    expect(sumUsage(buildThread(knownOf({ logs })))).toEqual({
      costMicros: 14,
      priced: true,
      tokens: 30,
      context: 15,
      model: "p/m",
    });
  });

  it("changes a turn's version only with what it shows", () => {
    const log = new ConversationLog("c");
    for (const each of answerOf("c.1", "one")) log.add(each);
    const versionOf = () => {
      const [item] = buildThread(knownOf({ logs: log.logs }));
      return item?.kind === "turn" ? item.version : "";
    };
    const before = versionOf();
    expect(versionOf()).toBe(before);
    log.add(event("c.2", "run_started", { agent: "a", model: "m", prompt: "go" }));
    expect(versionOf()).toBe(before);
    log.add(event("c.1", "undo_started", {}));
    expect(versionOf()).not.toBe(before);
  });
});
