import type { Schemas } from "@/api/client";

/** Something that waits for this person. */
export interface WaitingItem {
  run: string;
  agent: string;
  pending: Schemas["Pending"];
}

/** An item's identity: a run can ask for the same thing again. */
export function keyOf({ run, pending }: WaitingItem): string {
  return `${run}\n${pending.id}\n${pending.since}`;
}
