/** Turns the comparison of two runs into what the page lists. Pure. */
import type { Schemas } from "@/api/client";
import type { DurableEvent } from "@/events/types";

export type Diff = Schemas["DiffView"];

export interface Pair {
  kind: "pair";
  key: string;
  left: DurableEvent | undefined;
  right: DurableEvent | undefined;
  same: boolean;
  /** Which difference it is, from 0 on; undefined if both are the same. */
  difference: number | undefined;
}

export type Item =
  | Pair
  | { kind: "turn"; key: string; left: number | undefined; right: number | undefined }
  | { kind: "same"; key: string; count: number };

/** Pairs by turn. With `onlyDifferences`, stretches that are the same become one line. */
export function listItems(diff: Diff, onlyDifferences: boolean): Item[] {
  const items: Item[] = [];
  const before = diff.same - diff.rows.filter((row) => row.same).length;
  if (before > 0) items.push({ kind: "same", key: "before", count: before });
  let turns: [number | undefined, number | undefined] = [undefined, undefined];
  let differences = 0;
  diff.rows.forEach((row, place) => {
    const left = eventAt(diff, 0, row.left);
    const right = eventAt(diff, 1, row.right);
    if (row.same && onlyDifferences) {
      const last = items.at(-1);
      if (last?.kind === "same") last.count += 1;
      else items.push({ kind: "same", key: `same-${place}`, count: 1 });
      return;
    }
    const now: typeof turns = [turnOf(left) ?? turns[0], turnOf(right) ?? turns[1]];
    if (now[0] !== turns[0] || now[1] !== turns[1])
      items.push({ kind: "turn", key: `turn-${place}`, left: turnOf(left), right: turnOf(right) });
    turns = now;
    const difference = row.same ? undefined : differences++;
    items.push({ kind: "pair", key: `pair-${place}`, left, right, same: row.same, difference });
  });
  return items;
}

function eventAt(diff: Diff, side: 0 | 1, place: number | null | undefined) {
  return place == null ? undefined : diff.sides[side]?.events[place];
}

/** Also ends and decisions have a place: they belong to the turn before them. */
function turnOf(event: DurableEvent | undefined): number | undefined {
  return event && "turn" in event && typeof event.turn === "number" ? event.turn : undefined;
}

/** Where differences are among the items. */
export function placesOfDifferences(items: readonly Item[]): number[] {
  return items.flatMap((item, place) =>
    item.kind === "pair" && item.difference !== undefined ? [place] : [],
  );
}

/** The place of the next difference after this one, around the end; undefined if there is none. */
export function nextDifference(
  places: readonly number[],
  now: number | undefined,
  by: 1 | -1,
): number | undefined {
  if (places.length === 0) return undefined;
  if (now === undefined) return by === 1 ? places[0] : places.at(-1);
  const found =
    by === 1 ? places.find((place) => place > now) : places.findLast((place) => place < now);
  return found ?? (by === 1 ? places[0] : places.at(-1));
}
