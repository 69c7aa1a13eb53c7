import type { Schemas } from "@/api/client";

export type MemoryView = Schemas["MemoryView"];
export type Trust = MemoryView["trust"];

/** The longest memory that the API takes. */
export const MOST_TEXT = 2_000;

export interface MemorySearch {
  /** What memories are searched for; absent: the newest first. */
  find?: string;
  /** The memory whose origin is shown. */
  show?: string;
  /** The dialog for a new memory is open. */
  add?: true;
}

export function readSearch(search: Record<string, unknown>): MemorySearch {
  const read: MemorySearch = {};
  const { find, show } = search;
  if (find !== undefined && String(find).trim() !== "") read.find = String(find).slice(0, 4_000);
  if (typeof show === "string" && /^mem_[0-9a-f]{24}$/.test(show)) read.show = show;
  if (search["add"] === true) read.add = true;
  return read;
}

/** What each trust means; the harness stamps it, never a model. */
export const TRUSTS: Readonly<Record<Trust, { title: string; meaning: string }>> = {
  said: { title: "said", meaning: "Your own words." },
  inferred: {
    title: "inferred",
    meaning: "Written by a model from what you and the model said.",
  },
  untrusted: {
    title: "untrusted",
    meaning:
      "Written after the conversation had read content of others, such as a web page. Runs do not begin with it.",
  },
};

const LANES: Readonly<Record<MemoryView["lane"], string>> = {
  owner: "all runs",
  session: "its session",
  run: "its run",
};

/** Who recalls a memory. */
export function nameLane(lane: MemoryView["lane"]): string {
  return LANES[lane];
}

/** What wrote a memory, in a few words. */
export function describeSource(memory: MemoryView): string {
  if (memory.source === "person") return memory.by ? `written by ${memory.by}` : "written by hand";
  const agent = memory.agent ? ` of ${memory.agent}` : "";
  return memory.source === "extraction" ? `extracted from a run${agent}` : `from a run${agent}`;
}

/** The counts of memories by trust, those that need a look first. */
export function countTrusts(
  trusts: Record<string, number>,
): readonly { trust: Trust; count: number }[] {
  return (["untrusted", "inferred", "said"] as const)
    .map((trust) => ({ trust, count: trusts[trust] ?? 0 }))
    .filter(({ count }) => count > 0);
}
