import { useSyncExternalStore } from "react";
import { formatAgo } from "./figures";
import { useClock } from "./time_zone";

const listeners = new Set<() => void>();
let now = Math.floor(Date.now() / 1000);
let timer: number | undefined;

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  timer ??= window.setInterval(() => {
    now = Math.floor(Date.now() / 1000);
    for (const listener of listeners) listener();
  }, 1000);
  return () => {
    listeners.delete(changed);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The time in whole seconds; one clock for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** How long ago something was; the exact time on hover. */
export function Ago(props: { at: number; className?: string }) {
  const { formatTime } = useClock();
  return (
    <time
      dateTime={new Date(props.at * 1000).toISOString()}
      title={formatTime(props.at)}
      className={props.className}
    >
      {formatAgo(props.at, useNow())}
    </time>
  );
}
