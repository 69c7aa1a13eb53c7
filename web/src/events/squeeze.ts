/** A scale of time that leaves out when nothing but waiting happened. */
import { partsOf } from "./spans";
import type { Step } from "./steps";

export interface Scale {
  /** Seconds from the start to a moment, on this scale. */
  place: (at: number) => number;
  /** The moment at a place. */
  at: (place: number) => number;
}

export function straight(from: number): Scale {
  return { place: (at) => at - from, at: (place) => from + place };
}

/** Gaps in which no call was in progress become so much of the busy time. */
const GAP = 0.01;

export function squeezed(steps: readonly Step[], from: number, now: number): Scale {
  const busy = mergeBusy(steps, now);
  const whole = busy.reduce((sum, [start, end]) => sum + end - start, 0);
  const most = whole * GAP;
  // Each stretch: where it begins in time and on the scale, and how steep it is.
  const starts: number[] = [from];
  const places: number[] = [0];
  const slopes: number[] = [];
  let at = from;
  let place = 0;
  const add = (until: number, slope: number) => {
    if (until <= at) return;
    slopes.push(slope);
    place += (until - at) * slope;
    at = until;
    starts.push(at);
    places.push(place);
  };
  for (const [start, end] of busy) {
    add(start, start - at > most ? most / (start - at) : 1);
    add(end, 1);
  }
  add(now, now - at > most ? most / (now - at) : 1);
  slopes.push(1);
  return {
    place: (moment) => {
      const n = lastAtMost(starts, moment);
      return (places[n] ?? 0) + (moment - (starts[n] ?? 0)) * (slopes[n] ?? 1);
    },
    at: (where) => {
      const n = lastAtMost(places, where);
      return (starts[n] ?? 0) + (where - (places[n] ?? 0)) / (slopes[n] || 1);
    },
  };
}

/** When calls were in progress: stretches that do not overlap, in order. */
function mergeBusy(steps: readonly Step[], now: number): [number, number][] {
  const parts = steps
    .flatMap((step) => partsOf(step, now))
    .filter((part) => part.kind !== "wait" && part.kind !== "pause")
    .sort((a, b) => a.from - b.from);
  const merged: [number, number][] = [];
  for (const { from, to } of parts) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sorted[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
