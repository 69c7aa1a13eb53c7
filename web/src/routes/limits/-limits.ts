import type { Schemas } from "@/api/client";

export type Limit = Schemas["Limit"];
export type LimitCall = Schemas["LimitCall"];

export interface Gauge {
  name: string;
  used: number;
  limit: number;
  /** What a provider names as its own limit, if it differs. */
  reported?: number;
}

/** What is used of each limit that is set. */
export function gaugesOf(limit: Limit): readonly Gauge[] {
  const gauges: Gauge[] = [];
  if (limit.requests_per_minute != null) {
    gauges.push({
      name: "Requests per minute",
      used: limit.requests,
      limit: limit.requests_per_minute,
      ...differs(limit.reported_requests, limit.requests_per_minute),
    });
  }
  if (limit.tokens_per_minute != null) {
    gauges.push({
      name: "Tokens per minute",
      used: limit.tokens,
      limit: limit.tokens_per_minute,
      ...differs(limit.reported_tokens, limit.tokens_per_minute),
    });
  }
  if (limit.width != null)
    gauges.push({ name: "Calls at once", used: limit.in_use, limit: limit.width });
  return gauges;
}

function differs(reported: number | null | undefined, limit: number): { reported?: number } {
  return reported == null || reported === limit ? {} : { reported };
}

/** How often calls had to wait, and how long: as far as there were any. */
export function describePast(limit: Limit, write: (seconds: number) => string): string {
  const calls = `${limit.granted.toLocaleString("en")} ${limit.granted === 1 ? "call" : "calls"} so far`;
  if (limit.granted === 0) return "No call so far";
  if (limit.waited === 0) return `${calls}, none waited`;
  const share = Math.max(1, Math.round((100 * limit.waited) / limit.granted));
  return `${calls}, ${share} % waited, ${write(limit.waited_seconds / limit.waited)} on average`;
}

const PRIORITIES = ["", "most urgent", "urgent", "", "not urgent", "least urgent"];

/** The priority of a run that waits, unless it is the usual one. */
export function namePriority(priority: number | null | undefined): string {
  return (priority != null && PRIORITIES[priority]) || "";
}
