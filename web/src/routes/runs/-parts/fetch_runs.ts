import { api, call, type Schemas } from "@/api/client";
import { daemonNow } from "@/api/daemon_clock";
import {
  effectiveFilters,
  queryOf,
  type RunFilters,
  type RunQuery,
  type RunRow,
} from "../-filters";
import { type Page, type RunRows, rowsOf } from "./rows";

/** Rows of an older page; the newest has the API's own size. */
export const OLDER = 100;
export const ARCHIVED_FIRST = 200;
/** The most that the archive lists at once. */
const ARCHIVED_MOST = 10_000;

export function fetchPage(query: RunQuery, cursor?: string): Promise<Page> {
  const more = cursor ? { cursor, limit: OLDER } : {};
  return call(api.GET("/api/v1/runs", { params: { query: { ...query, ...more } } }));
}

/** The archive has no cursor: more is the same list, longer. */
export async function fetchArchived(filters: RunFilters, limit: number): Promise<RunRows> {
  const { state, agent, session } = effectiveFilters(filters);
  const query = {
    ...(state ? { state } : {}),
    ...(agent ? { agent } : {}),
    ...(session ? { session } : {}),
    limit,
  };
  const { runs } = await call(api.GET("/api/v1/archive/runs", { params: { query } }));
  const more = runs.length === limit && limit < ARCHIVED_MOST;
  const longer = String(Math.min(limit * 7, ARCHIVED_MOST));
  return { ...rowsOf({ runs }), next: more ? longer : null };
}

/** A row of a run that no page lists any more; null if it is gone, or does not match. */
export async function fetchRow(row: RunRow, state: RunFilters["state"]): Promise<RunRow | null> {
  const params = { params: { path: { run: row.id } } };
  const card: Schemas["RunCard"] = await call(api.GET("/api/v1/runs/{run}", params));
  if (state && card.state !== state) return null;
  const { usage, cost_micros } = card.totals;
  const ended = card.ended ?? null;
  const tokens = usage.input + usage.output;
  return { ...row, state: card.state, ended, tokens, cost_micros: cost_micros ?? null };
}

let ahead: { key: string; page: Promise<Page> } | undefined;

/** Asks for the first page as early as possible: before the code that shows it is there. */
export function fetchAhead(filters: RunFilters): void {
  if (filters.archived) return;
  const query = queryOf(filters, daemonNow());
  const page = fetchPage(query);
  page.catch(() => {}); // whoever takes it sees the error
  ahead = { key: JSON.stringify(query), page };
}

/** The first page: the one that was asked for ahead, or a new one. */
export function takeFirstPage(query: RunQuery): Promise<Page> {
  const taken = ahead?.key === JSON.stringify(query) ? ahead.page : undefined;
  ahead = undefined;
  return taken ?? fetchPage(query);
}
