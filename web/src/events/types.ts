/** The events of a run. Durable ones are generated from the API's description. */
import type { Schemas } from "@/api/client";

export type DurableEvent = Schemas["EventList"]["events"][number];
export type Message = Schemas["Message"];
export type Part = Message["parts"][number];
export type ErrorInfo = Schemas["ErrorInfo"];
export type Usage = Schemas["Usage"];
export type Cursor = Schemas["Cursor"];
export type Totals = Schemas["Totals"];
export type RunState = Schemas["RunState"];
export type Retry = Schemas["Retry"];

interface Live {
  run: string;
  at: number;
}

/** Sent while a call is in progress; without a cursor, and may be missed. */
export type LiveText =
  | (Live & {
      type: "output_delta";
      turn: number;
      call: number;
      attempt: number;
      offset: number;
      text: string;
    })
  | (Live & { type: "output_reset"; turn: number; call: number; attempt: number })
  | (Live & { type: "output_gap"; turn: number; call: number; attempt: number; offset: number })
  | (Live & { type: "attempt_failed"; retry: Retry })
  | (Live & { type: "tool_progress"; turn: number; call_id: string; text: string });

export type RunEvent = DurableEvent | LiveText;

export function isRunEvent(value: unknown): value is RunEvent {
  return (
    typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"
  );
}
