import type { Schemas } from "@/api/client";

/** Something that waits for this person. */
export interface WaitingItem {
  run: string;
  agent: string;
  pending: Schemas["Pending"];
}
