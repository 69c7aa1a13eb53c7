/** Everything that waits for this person, across runs: one reader for badge, inbox and views. */
import { useSyncExternalStore } from "react";
import { followTopic } from "@/api/live";
import { setWaitingCount } from "@/parts/page_title";
import { areNoticesWanted } from "./notice_setting";
import { keyOf, type WaitingItem } from "./waiting_item";

/** Something that waited until a moment ago. */
export interface SettledItem extends WaitingItem {
  how: "decided" | "ended" | "unlisted";
  /** Decided here: what was said, such as "you approved this". */
  said?: string;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface Inbox {
  /** The oldest first; undefined until it is known. */
  waiting: readonly WaitingItem[] | undefined;
  /** The newest few that do not wait any more. */
  settled: readonly SettledItem[];
}

const MOST_SETTLED = 5;
const known = new Map<string, WaitingItem>();
/** Decided here; the index that the daemon reads still lists them for a moment. */
const decided = new Set<string>();
const listeners = new Set<() => void>();
let settled: readonly SettledItem[] = [];
let inbox: Inbox = { waiting: undefined, settled };
let following = false;
/** Between `reset` and `ready` the list is not whole. */
let whole = false;

function publish(): void {
  const open = whole ? [...known.values()] : inbox.waiting;
  const waiting = open
    ?.filter((item) => !decided.has(keyOf(item)))
    .sort((one, two) => one.pending.since - two.pending.since);
  inbox = { waiting, settled };
  if (waiting) setWaitingCount(waiting.length);
  for (const listener of listeners) listener();
}

function noteSettled(item: WaitingItem, how: SettledItem["how"], said?: string): void {
  const about = { ...item, how, at: Date.now(), ...(said === undefined ? {} : { said }) };
  settled = [about, ...settled.filter((each) => keyOf(each) !== keyOf(item))].slice(
    0,
    MOST_SETTLED,
  );
}

/** This person has decided it: it leaves at once. */
export function noteDecided(item: WaitingItem, said: string): void {
  decided.add(keyOf(item));
  noteSettled(item, "decided", said);
  publish();
}

/** The notice of a settled item has been shown for long enough. */
export function dropSettled(before: number): void {
  settled = settled.filter((each) => each.at > before);
  publish();
}

function settle(gone: { run: string; id: string; how: SettledItem["how"] }): void {
  // The daemon reports the end of an earlier request before it reports a new one with the same id.
  for (const [key, item] of known) {
    if (item.run !== gone.run || item.pending.id !== gone.id) continue;
    known.delete(key);
    if (!decided.delete(key)) noteSettled(item, gone.how);
  }
}

function start(): void {
  if (following) return;
  following = true;
  followTopic("approvals", ({ event, data }) => {
    if (event === "reset") {
      known.clear();
      whole = false;
    } else if (event === "waiting") {
      const item = data as WaitingItem;
      known.set(keyOf(item), item);
    } else if (event === "settled") {
      settle(data as Parameters<typeof settle>[0]);
    } else if (event === "ready") {
      whole = true;
      for (const key of decided) if (!known.has(key)) decided.delete(key);
    }
    if (whole) publish();
  });
  if (areNoticesWanted()) void startNotices();
}

/** Loads what shows notices of the desktop: only for those who want them. */
export async function startNotices(): Promise<void> {
  (await import("./desktop_notice")).follow(watchInbox, () => inbox.waiting);
}

/** Calls back with each change. */
export function watchInbox(listener: () => void): () => void {
  start();
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function readInbox(): Inbox {
  return inbox;
}

/** What waits, the oldest first; undefined until it is known. */
export function useInbox(): readonly WaitingItem[] | undefined {
  return useSyncExternalStore(watchInbox, () => inbox.waiting);
}

/** The same with what has just been settled. */
export function useWholeInbox(): Inbox {
  return useSyncExternalStore(watchInbox, readInbox);
}
