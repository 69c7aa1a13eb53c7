/** What happens, as it happens: one stream for all views and tabs of this browser. */
import { useEffect, useRef, useSyncExternalStore } from "react";
import { LiveHub } from "./hub";
import type { LiveEvent, Status } from "./protocol";

export type { LiveEvent, Status } from "./protocol";

let hub: LiveHub | undefined;

function theHub(): LiveHub {
  hub ??= new LiveHub();
  return hub;
}

/** Connects: every view needs it, and by the time that one is there, it is open. */
export function openLive(): void {
  theHub();
}

/** Follows a topic until the returned function is called. After a reconnect it goes on after the
 * last event with an id: nothing with an id is repeated or lost, live text may be. */
export function followTopic(
  topic: string,
  onEvent: (event: LiveEvent) => void,
  after?: string,
): () => void {
  return theHub().follow(topic, onEvent, after);
}

/** Follows a topic while the component is shown; null follows nothing. */
export function useTopic(topic: string | null, onEvent: (event: LiveEvent) => void): void {
  const newest = useRef(onEvent);
  newest.current = onEvent;
  useEffect(() => {
    if (topic === null) return;
    return followTopic(topic, (event) => newest.current(event));
  }, [topic]);
}

/** Calls back with whether the page hears of what happens: now, and with each change. */
export function watchLiveStatus(watch: (status: Status) => void): () => void {
  return theHub().watchStatus(watch);
}

let status: Status = "connecting";

/** Whether the page hears of what happens. */
export function useLiveStatus(): Status {
  return useSyncExternalStore(subscribe, () => status);
}

function subscribe(changed: () => void): () => void {
  return theHub().watchStatus((now) => {
    status = now;
    changed();
  });
}
