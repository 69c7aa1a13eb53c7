import { afterEach, expect, it, vi } from "vitest";
import { type SessionState, TabSession } from "./tab_session";

const open: TabSession[] = [];
let count = 0;

function makeTabs(): { tab: () => TabSession; changes: SessionState[] } {
  const name = `test.session.${count++}`;
  const changes: SessionState[] = [];
  const tab = () => {
    const made = new TabSession(name, (now) => changes.push(now));
    open.push(made);
    return made;
  };
  return { tab, changes };
}

/** Until all that was told before has been heard. */
async function delivered(): Promise<void> {
  const [from, to] = [
    new BroadcastChannel("test.delivered"),
    new BroadcastChannel("test.delivered"),
  ];
  await new Promise((resolve) => {
    to.onmessage = resolve;
    from.postMessage(0);
  });
  from.close();
  to.close();
}

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

it("tells the other tabs that somebody else has signed in", async () => {
  const { tab, changes } = makeTabs();
  const [first, second] = [tab(), tab()];
  first.note("ana");
  await delivered();
  second.note("bea");
  await vi.waitFor(() => expect(changes).toEqual([{ kind: "other", user: "bea" }]));
  expect(first.state()).toEqual({ kind: "other", user: "bea" });
  expect(second.state()).toEqual({ kind: "own", user: "bea" });
});

it("leaves the tabs of the same user alone, and those that load", async () => {
  const { tab, changes } = makeTabs();
  const [first, second, loading, last] = [tab(), tab(), tab(), tab()];
  first.note("ana");
  second.note("ana");
  first.note("ana");
  await delivered();
  expect(changes).toEqual([]);
  last.note("bea");
  await vi.waitFor(() => expect(changes).toHaveLength(2));
  expect(loading.state()).toEqual({ kind: "loading" });
});

it("signs all tabs out, and takes those in that wait for a sign-in", async () => {
  const { tab, changes } = makeTabs();
  const [first, second, waiting] = [tab(), tab(), tab()];
  first.note("ana");
  waiting.noteSignedOut();
  second.noteSignedOut();
  second.note("ana");
  await vi.waitFor(() => expect(waiting.state()).toEqual({ kind: "other", user: "ana" }));
  changes.length = 0;
  first.leave();
  await vi.waitFor(() => expect(second.state()).toEqual({ kind: "signed_out" }));
  expect(changes).toContainEqual({ kind: "signed_out" });
});

it("notices by itself that it is another user's", () => {
  const { tab } = makeTabs();
  const [one, two] = [tab(), tab()];
  one.note("ana");
  one.note("bea");
  expect(one.state()).toEqual({ kind: "other", user: "bea" });
  one.note("ana");
  expect(one.state().kind).toBe("other");
  two.note("ana");
  two.noteOther();
  expect(two.state()).toEqual({ kind: "other", user: undefined });
});
