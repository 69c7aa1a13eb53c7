import type { Schemas } from "@/api/client";

export type Act = Schemas["Act"];
export type Kind = Act["kind"];

export const SINCE = { "1h": 3600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000 } as const;
export type Since = keyof typeof SINCE;

export interface ActivitySearch {
  user?: string;
  kind?: Kind;
  run?: string;
  since?: Since;
}

export function readSearch(search: Record<string, unknown>): ActivitySearch {
  const read: ActivitySearch = {};
  for (const name of ["user", "run"] as const) {
    if (search[name] !== undefined && search[name] !== "") read[name] = String(search[name]);
  }
  const kind = search["kind"];
  // The API says which there are; their words would be in the first view of the page.
  if (typeof kind === "string" && /^[a-z_]{1,40}$/.test(kind)) read.kind = kind as Kind;
  const since = search["since"];
  if (typeof since === "string" && Object.hasOwn(SINCE, since)) read.since = since as Since;
  return read;
}

/** The query of the API; times are rounded, so that the same filter is the same request. */
export function queryOf(
  { since, ...rest }: ActivitySearch,
  now: number,
): Omit<ActivitySearch, "since"> & { since?: string } {
  if (!since) return rest;
  const at = Math.floor(now / 60) * 60 - SINCE[since];
  return { ...rest, since: new Date(at * 1000).toISOString() };
}

/** The days of acts, newest first, by the name of each day. */
export function groupByDay(
  acts: readonly Act[],
  dayOf: (at: string) => string,
): readonly { day: string; acts: readonly Act[] }[] {
  return [...Map.groupBy(acts, (act) => dayOf(act.at))].map(([day, members]) => ({
    day,
    acts: members,
  }));
}

/** Acts in a row that are one question: a what-if starts many forks of the same run. The newest act
 * stands for them. */
interface Folded {
  act: Act;
  /** How many acts it stands for. */
  count: number;
}

export function foldWhatIfs(acts: readonly Act[]): readonly Folded[] {
  const folded: Folded[] = [];
  for (const act of acts) {
    const last = folded.at(-1);
    if (last && isSameQuestion(last.act, act)) last.count += 1;
    else folded.push({ act, count: 1 });
  }
  return folded;
}

function isSameQuestion(one: Act, two: Act): boolean {
  return (
    one.kind === "whatif_started" &&
    two.kind === "whatif_started" &&
    one.subject != null &&
    one.subject === two.subject &&
    one.by === two.by
  );
}

/** The fragment of the step that an act is, in the view of its run; the id of an act of a run ends in
 * the cursor of its event. */
export function stepOf(act: Act): string | undefined {
  if (!act.run || !act.id.startsWith(`${act.run}/`)) return undefined;
  return act.kind === "decision" && act.subject ? act.subject : undefined;
}
