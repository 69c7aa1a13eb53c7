/** The differences between the arguments that the model asked for and those that a person made. */
import {
  isList,
  isObject,
  type Json,
  MAX_DEPTH,
  memberOf,
  type Path,
  sameJson,
} from "./json_value";

export interface Change {
  path: Path;
  kind: "added" | "removed" | "changed";
  before?: Json;
  after?: Json;
}

export const MAX_CHANGES = 100;

export interface Changes {
  changes: Change[];
  /** There are more than `changes` has. */
  more: boolean;
}

export function findChanges(before: Json, after: Json): Changes {
  const changes: Change[] = [];
  const full = collect(before, after, [], changes);
  return { changes, more: full };
}

/** Whether it had to stop. */
function collect(before: Json, after: Json, path: Path, into: Change[]): boolean {
  if (sameJson(before, after)) return false;
  if (into.length >= MAX_CHANGES) return true;
  const parts = path.length < MAX_DEPTH ? keysOf(before, after) : null;
  if (!parts) {
    into.push({ path, kind: "changed", before, after });
    return false;
  }
  for (const key of parts) {
    const [old, now] = [memberOf(before, key), memberOf(after, key)];
    const inner = [...path, key];
    if (into.length >= MAX_CHANGES && !(old !== undefined && sameJson(old, now))) return true;
    if (old === undefined && now !== undefined) {
      into.push({ path: inner, kind: "added", after: now });
    } else if (now === undefined && old !== undefined) {
      into.push({ path: inner, kind: "removed", before: old });
    } else if (old !== undefined && now !== undefined && collect(old, now, inner, into)) {
      return true;
    }
  }
  return false;
}

function keysOf(before: Json, after: Json): (string | number)[] | null {
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])];
  }
  if (isList(before) && isList(after))
    return [...Array(Math.max(before.length, after.length)).keys()];
  return null;
}

/** A path as people read it, items counted from 1: `lines › 2 › count`. */
export function writePath(path: Path): string {
  return path.map((part) => (typeof part === "number" ? part + 1 : part)).join(" › ");
}

const AROUND = 40;

/** The part in which two texts differ, with a little of what stands around it. */
export function splitTexts(before: string, after: string) {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  // Never through the middle of a pair of code units.
  if (isLowHalf(before, start) || isLowHalf(after, start)) start -= 1;
  if (end > 0 && (isLowHalf(before, before.length - end) || isLowHalf(after, after.length - end)))
    end -= 1;
  const head = before.slice(0, start);
  const tail = end === 0 ? "" : before.slice(-end);
  return {
    head: head.length > AROUND ? `…${head.slice(-AROUND)}` : head,
    removed: before.slice(start, before.length - end),
    added: after.slice(start, after.length - end),
    tail: tail.length > AROUND ? `${tail.slice(0, AROUND)}…` : tail,
  };
}

function isLowHalf(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return at > 0 && code >= 0xdc00 && code <= 0xdfff;
}
