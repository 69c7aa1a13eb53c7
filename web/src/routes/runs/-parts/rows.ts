/** The list as it is shown, and how news change it. Pure, so that nothing jumps by accident.
 *
 * The API lists open runs first, then those that ended, the last first; a run that ends moves. On the
 * screen it stays where it is until the list is loaded again: who points at a row must hit it. */

import type { Schemas } from "@/api/client";
import type { RunRow } from "../-filters";

export type Page = Schemas["RunList"];

export interface RunRows {
  rows: readonly RunRow[];
  /** The cursor of the next page. */
  next: string | null;
  /** Of rows that are not on the newest page: the cursor of the page that they came with. */
  pageOf: ReadonlyMap<string, string>;
  /** Arrived above the first row, not shown yet. */
  arrived: readonly RunRow[];
  /** More has arrived than one page shows: showing it loads the list again. */
  gap: boolean;
}

export function rowsOf(page: Page): RunRows {
  return {
    rows: page.runs,
    next: page.next ?? null,
    pageOf: new Map(),
    arrived: [],
    gap: false,
  };
}

/** Adds the next page. Rows that moved there while it was loaded are known already. */
export function addPage(list: RunRows, cursor: string, page: Page): RunRows {
  const known = new Set(list.rows.map((row) => row.id));
  const added = page.runs.filter((row) => !known.has(row.id));
  const pageOf = new Map(list.pageOf);
  for (const row of added) pageOf.set(row.id, cursor);
  return { ...list, rows: [...list.rows, ...added], next: page.next ?? null, pageOf };
}

/** The list after the newest page has changed.
 *
 * `hold`: what belongs above the first row waits in `arrived`. */
export function mergeNewest(list: RunRows, page: Page, hold: boolean): RunRows {
  const known = new Set(list.rows.map((row) => row.id));
  const first = page.runs.findIndex((row) => known.has(row.id));
  if (first === -1 && list.rows.length > 0 && page.next) {
    // Nothing in common: what lies between is not known.
    return hold ? { ...list, arrived: page.runs, gap: true } : rowsOf(page);
  }
  const isAbove = (_: RunRow, place: number) => first === -1 || place < first;
  const fresh = page.runs.filter(hold ? isNew(list, known, isAbove) : isAbove);
  const arrived = keepArrived(list.arrived, fresh, page);
  let rows = update(list.rows, page.runs);
  if (!page.next) rows = keepListed(rows, page.runs);
  const placed = new Set([...known, ...arrived.map((row) => row.id)]);
  rows = insert(rows, first === -1 ? [] : page.runs.slice(first), placed);
  if (hold && list.rows.length > 0) return { ...list, rows, arrived, gap: false };
  return { ...list, rows: [...arrived, ...rows], arrived: [], gap: false, ...restart(list, page) };
}

/** Whether a row is new to a reader: it is above all that is known, or has started after that. A run
 * that ends while an older one is open is below that one in the API's order. */
function isNew(
  list: RunRows,
  known: ReadonlySet<string>,
  isAbove: (row: RunRow, place: number) => boolean,
): (row: RunRow, place: number) => boolean {
  const newest = list.rows.reduce((latest, row) => Math.max(latest, row.started), 0);
  return (row, place) => isAbove(row, place) || (!known.has(row.id) && row.started > newest);
}

/** What waits above the first row: what is new, and what waited there before. */
function keepArrived(
  before: readonly RunRow[],
  fresh: readonly RunRow[],
  page: Page,
): readonly RunRow[] {
  const ids = new Set(fresh.map((row) => row.id));
  const waiting = update(before, page.runs).filter((row) => !ids.has(row.id));
  return [...fresh, ...(page.next ? waiting : keepListed(waiting, page.runs))];
}

/** An empty list takes the page's cursor too. */
function restart(list: RunRows, page: Page): Partial<RunRows> {
  return list.rows.length === 0 ? { next: page.next ?? null } : {};
}

/** The list after an older page was read again: its rows change where they are. */
export function mergeOlder(list: RunRows, page: Page): RunRows {
  return { ...list, rows: update(list.rows, page.runs) };
}

/** Shows what has arrived. */
export function showArrived(list: RunRows): RunRows {
  return { ...list, rows: [...list.arrived, ...list.rows], arrived: [], gap: false };
}

export function replaceRow(list: RunRows, row: RunRow): RunRows {
  return { ...list, rows: update(list.rows, [row]) };
}

export function removeRow(list: RunRows, id: string): RunRows {
  return { ...list, rows: list.rows.filter((row) => row.id !== id) };
}

/** Rows that a page should list and does not: they ended, or stopped matching. */
export function findMissing(list: RunRows, page: Page, cursor?: string): RunRow[] {
  const listed = new Set(page.runs.map((row) => row.id));
  const last = page.runs.at(-1);
  if (cursor !== undefined) {
    return list.rows.filter(
      (row) => row.ended == null && list.pageOf.get(row.id) === cursor && !listed.has(row.id),
    );
  }
  if (!page.next || !last || !list.rows.some((row) => listed.has(row.id))) return [];
  return list.rows.filter((row) => row.ended == null && !listed.has(row.id) && isBefore(row, last));
}

/** Whether the API lists a run before another one. */
function isBefore(one: RunRow, other: RunRow): boolean {
  const [ended, otherEnded] = [one.ended ?? Infinity, other.ended ?? Infinity];
  return ended === otherEnded ? one.started > other.started : ended > otherEnded;
}

function update(rows: readonly RunRow[], news: readonly RunRow[]): readonly RunRow[] {
  const byId = new Map(news.map((row) => [row.id, row]));
  let changed = false;
  const updated = rows.map((row) => {
    const newer = byId.get(row.id);
    if (!newer || isSame(row, newer)) return row; // the same object is not drawn again
    changed = true;
    return newer;
  });
  return changed ? updated : rows;
}

function isSame(one: RunRow, other: RunRow): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function keepListed(rows: readonly RunRow[], listed: readonly RunRow[]): readonly RunRow[] {
  const ids = new Set(listed.map((row) => row.id));
  return rows.every((row) => ids.has(row.id)) ? rows : rows.filter((row) => ids.has(row.id));
}

/** Inserts the unknown rows of a page behind the row that the page has before them. */
function insert(
  rows: readonly RunRow[],
  page: readonly RunRow[],
  known: ReadonlySet<string>,
): readonly RunRow[] {
  if (page.every((row) => known.has(row.id))) return rows;
  const behind = new Map<string, RunRow[]>();
  let anchor = "";
  for (const row of page) {
    if (known.has(row.id)) anchor = row.id;
    else behind.set(anchor, [...(behind.get(anchor) ?? []), row]);
  }
  return rows.flatMap((row) => [row, ...(behind.get(row.id) ?? [])]);
}
