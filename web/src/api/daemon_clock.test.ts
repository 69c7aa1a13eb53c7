import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { daemonNow, noteDate } from "./daemon_clock";

const NOW = Date.parse("2030-01-31T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

it("counts from what the daemon has said", () => {
  noteDate("Thu, 31 Jan 2030 10:00:00 GMT");
  vi.advanceTimersByTime(90_000);
  expect(daemonNow()).toBe(NOW / 1000 - 7_200 + 90);
});

it("keeps what it knows when an answer has no date", () => {
  noteDate("Thu, 31 Jan 2030 11:00:00 GMT");
  noteDate(null);
  noteDate("soon");
  expect(daemonNow()).toBe(NOW / 1000 - 3_600);
});
