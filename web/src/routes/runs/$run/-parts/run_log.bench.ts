/** `npx vitest bench --run`: a run of 100,000 events, as the page takes it in. */
import { describe, test } from "vitest";
import { makeEvents } from "@/events/many_events";
import { RunLog } from "@/events/run_log";
import { sumUp } from "@/events/spans";
import { squeezed } from "@/events/squeeze";
import { filterSteps } from "./filter";

const EVENTS = [...makeEvents(100_000)];
const TEXTS = EVENTS.map((event) => JSON.stringify(event));

function fold(): RunLog {
  const log = new RunLog();
  for (const event of EVENTS) log.add(event);
  return log;
}

const LOG = fold();

/** What is measured, and how. */
const WORK: Record<string, () => void> = {
  fold: () => void fold(),
  "parse and fold": () => {
    const log = new RunLog();
    for (const text of TEXTS) log.add(JSON.parse(text));
  },
  search: () => void filterSteps(LOG.steps, "notes/7777.md", undefined),
  "sums of time and cost": () => void sumUp(LOG.steps, 0, 10_000),
  "scale without waits": () => void squeezed(LOG.steps, 0, 10_000),
};

const ONCE = { iterations: 3, warmupIterations: 1, time: 0 };

describe("100,000 events", () => {
  for (const [name, work] of Object.entries(WORK)) {
    test(name, async ({ bench }) => {
      await bench(name, work).run(ONCE);
    });
  }
});
