import type { RunRow } from "../-filters";

const NEEDS: Record<string, string> = {
  approval: "approval of",
  answer: "an answer to",
  outcome: "the outcome of",
  budget: "more budget",
  store: "the store",
};

/** What a run waits for, and from whom, in a few words. */
export function describeWaiting(
  waiting: RunRow["waiting"],
  owner: string | null | undefined,
): { text: string; question: string } | null {
  const first = waiting?.[0];
  if (!first) return null;
  const need = NEEDS[first.need] ?? first.need;
  const more = (waiting?.length ?? 0) - 1;
  const what = first.tool ? `${need} ${first.tool}` : need.replace(/ (of|to)$/, "");
  const text = `needs ${what}${more > 0 ? ` and ${more} more` : ""}${owner ? ` from ${owner}` : ""}`;
  return { text, question: first.question };
}
