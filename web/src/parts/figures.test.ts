import { describe, expect, it } from "vitest";
import { formatAgo, formatBytes, formatMoney, formatSeconds } from "./figures";

describe("figures", () => {
  it.each([
    [null, "–"],
    [0, "$0"],
    [120, "$0.0001"],
    [1_250_000, "$1.25"],
  ])("writes %s micros as %s", (micros, text) => {
    expect(formatMoney(micros)).toBe(text);
  });

  it.each([
    [0.0421, "42 ms"],
    [1.26, "1.3 s"],
    [61, "1 min 1 s"],
    [7260, "2 h 1 min"],
    [200_000, "2 d 7 h"],
  ])("writes %s seconds as %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it("writes sizes and ages in one unit", () => {
    expect(formatBytes(999)).toBe("999 B");
    expect(formatBytes(1_500_000)).toBe("1.5 MB");
    expect(formatAgo(100, 102)).toBe("now");
    expect(formatAgo(100, 400)).toBe("5 min ago");
  });
});
