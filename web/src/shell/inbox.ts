/** Everything that waits for this person, across runs: one reader for badge, inbox and views. */
import { useSyncExternalStore } from "react";
import type { Schemas } from "@/api/client";
import { followTopic } from "@/api/live";

export interface WaitingItem {
  run: string;
  agent: string;
  pending: Schemas["Pending"];
}

/** An item's identity: a run can ask for the same thing again. */
export function itemKey(run: string, id: string, since: number): string {
  return `${run}\n${id}\n${since}`;
}

const known = new Map<string, WaitingItem>();
const listeners = new Set<() => void>();
let list: readonly WaitingItem[] | undefined;
let following = false;

function publish(): void {
  list = [...known.values()].sort((one, two) => one.pending.since - two.pending.since);
  for (const listener of listeners) listener();
}

function start(): void {
  if (following) return;
  following = true;
  followTopic("approvals", ({ event, data }) => {
    if (event === "reset") {
      known.clear();
    } else if (event === "waiting") {
      const item = data as WaitingItem;
      known.set(itemKey(item.run, item.pending.id, item.pending.since), item);
    } else if (event === "settled") {
      const gone = data as { run: string; id: string; since: number };
      known.delete(itemKey(gone.run, gone.id, gone.since));
    }
    // Between `reset` and `ready` the list is not whole.
    if (event === "ready" || (event !== "reset" && list !== undefined)) publish();
  });
}

/** What waits, the oldest first; undefined until it is known. */
export function useInbox(): readonly WaitingItem[] | undefined {
  return useSyncExternalStore(
    (listener) => {
      start();
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => list,
  );
}
