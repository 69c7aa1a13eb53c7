/** Times as the person reads them: in the zone that they chose, or in the browser's. */
import { useSyncExternalStore } from "react";
import { browserName } from "@/api/browser_name";

const KEY = browserName("time-zone");
const listeners = new Set<() => void>();

interface Clock {
  /** The chosen zone; undefined: the browser's. */
  zone: string | undefined;
  /** A moment in that zone, with the zone's name. */
  formatTime: (at: number) => string;
}

let clock = readClock();

function readClock(): Clock {
  const kept = localStorage.getItem(KEY);
  try {
    return makeClock(kept ?? undefined);
  } catch (error) {
    // Another release of the browser knew it, or somebody wrote it by hand.
    if (error instanceof RangeError) return makeClock(undefined);
    throw error;
  }
}

function makeClock(zone: string | undefined): Clock {
  const format = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "medium",
    timeStyle: "medium",
    ...(zone ? { timeZone: zone } : {}),
  });
  const name = format.resolvedOptions().timeZone;
  return { zone, formatTime: (at) => `${format.format(at * 1000)} ${name}` };
}

function refresh(): void {
  clock = readClock();
  for (const listener of listeners) listener();
}

addEventListener("storage", (event) => {
  if (event.key === KEY) refresh();
});

/** Shows all times in this zone from now on; null: in the browser's. */
export function chooseZone(zone: string | null): void {
  if (zone === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, zone);
  refresh();
}

export function readChosenClock(): Clock {
  return clock;
}

export function useClock(): Clock {
  return useSyncExternalStore(watchZone, readChosenClock);
}

export function watchZone(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
