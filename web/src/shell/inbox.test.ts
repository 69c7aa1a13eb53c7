import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeSocket, stubBrowser } from "@/api/live/testing";
import { keyOf, type WaitingItem } from "./waiting_item";

let inbox: typeof import("./inbox");
let notice: typeof import("./desktop_notice");
let topic = "";

function item(run: string, id: string, since: number): WaitingItem {
  const pending = { id, since, need: "approval", turn: 1, question: "?" };
  return { run, agent: "buyer", pending } as WaitingItem;
}

const EARLY = item("b", "1", 10);
const LATE = item("a", "1", 20);
const OTHER = item("a", "2", 15);

function say(event: string, data: unknown = {}): void {
  FakeSocket.newest.say(topic, event, data);
}

function waiting(): readonly WaitingItem[] | undefined {
  return inbox.readInbox().waiting;
}

beforeAll(async () => {
  stubBrowser();
  inbox = await import("./inbox");
  notice = await import("./desktop_notice");
  inbox.watchInbox(() => {});
  FakeSocket.newest.open();
  topic = FakeSocket.newest.sent[0]?.topic ?? "";
});

afterAll(() => {
  vi.unstubAllGlobals();
});

beforeEach(() => {
  say("reset");
  for (const each of [LATE, EARLY, OTHER]) say("waiting", each);
  say("ready");
});

describe("inbox", () => {
  it("lists the oldest first", () => {
    expect(waiting()).toEqual([EARLY, OTHER, LATE]);
  });

  it("shows nothing half read after a reconnect", () => {
    say("reset");
    say("waiting", LATE);
    expect(waiting()).toEqual([EARLY, OTHER, LATE]);
    say("ready");
    expect(waiting()).toEqual([LATE]);
  });

  it("settles the request with the run and the id, and no other", () => {
    say("settled", { run: "a", id: "1", how: "ended" });
    expect(waiting()).toEqual([EARLY, OTHER]);
    expect(inbox.readInbox().settled[0]).toMatchObject({ ...LATE, how: "ended" });
  });
});

describe("notices", () => {
  it("are for what was not there at the last look, and for nothing at the first", () => {
    const before = new Set([EARLY, LATE].map(keyOf));
    expect(notice.findNew(undefined, [EARLY])).toEqual([]);
    expect(notice.findNew(before, [EARLY, OTHER, LATE])).toEqual([OTHER]);
    expect(
      notice.findNew(before, [{ ...EARLY, pending: { ...EARLY.pending, since: 11 } }]),
    ).toHaveLength(1);
  });
});
