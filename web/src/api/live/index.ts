/** What happens, as it happens: one stream for all views and tabs of this browser. */
import { useEffect, useRef, useSyncExternalStore } from "react";
import { LiveHub } from "./hub";
import type { LiveEvent, LiveState, Status } from "./protocol";

export type { LiveEvent, Status } from "./protocol";

let hub: LiveHub | undefined;

/** Takes this tab's turn at the socket: a while before it is known whether anybody is signed in. */
export function prepareLive(): void {
  hub ??= new LiveHub();
}

function theHub(): LiveHub {
  hub ??= new LiveHub();
  hub.open();
  return hub;
}

/** Connects: every view needs it, and by the time that one is there, it is open. */
export function openLive(): void {
  theHub();
}

/** Follows a topic until the returned function is called. After a reconnect, and after an error that
 * can pass, it goes on after the last event with an id: nothing with an id is lost, live text may be.
 * The event `error` arrives only if asking again cannot help. */
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
  return theHub().watchState(({ status }) => watch(status));
}

let state: LiveState = { status: "connecting" };

/** Whether the page is connected. */
export function useLiveStatus(): Status {
  return useSyncExternalStore(subscribe, () => state.status);
}

/** Why the page does not hear of everything, if it is known. */
export function useLiveTrouble(): string | undefined {
  return useSyncExternalStore(subscribe, () => state.trouble);
}

function subscribe(changed: () => void): () => void {
  return theHub().watchState((now) => {
    state = now;
    changed();
  });
}
