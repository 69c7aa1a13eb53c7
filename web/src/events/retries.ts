import type { Retry } from "./types";

/** Adds a failed attempt to its step; one that is known is only brought up to date. */
export function addRetry(step: { retries: Retry[]; version: number }, retry: Retry): void {
  const known = step.retries.findIndex(
    (each) => each.activity === retry.activity && each.failed === retry.failed,
  );
  if (known < 0) step.retries.push(retry);
  else step.retries[known] = retry;
  step.version += 1;
}
