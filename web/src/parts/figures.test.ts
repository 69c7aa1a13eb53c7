import { describe, expect, it } from "vitest";
import { formatAgo, formatBytes, formatMoney, formatSeconds } from "./figures";

describe("figures", () => {
  it.each([
    [null, "–"],
    [0, "$0"],
    [1, "<$0.0001"],
    [30, "<$0.0001"],
    [100, "$0.0001"],
    [120, "$0.0001"],
    [9_940, "$0.0099"],
    [9_999, "$0.01"],
    [1_250_000, "$1.25"],
  ])("writes %s micros as %s", (micros, text) => {
    expect(formatMoney(micros)).toBe(text);
  });

  it.each([
    [0, "0 ms"],
    [0.0421, "42 ms"],
    [0.9994, "999 ms"],
    [0.9996, "1.0 s"],
    [1.26, "1.3 s"],
    [59.94, "59.9 s"],
    [59.96, "1 min 0 s"],
    [61, "1 min 1 s"],
    [119.7, "2 min 0 s"],
    [3599.4, "59 min 59 s"],
    [3599.7, "1 h 0 min"],
    [3600, "1 h 0 min"],
    [7260, "2 h 1 min"],
    [172_799, "47 h 59 min"],
    [172_799.5, "2 d 0 h"],
    [172_800, "2 d 0 h"],
    [200_000, "2 d 7 h"],
  ])("writes %s seconds as %s", (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it.each([
    [null, "–"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_949, "999.9 kB"],
    [999_999, "1.0 MB"],
    [1_500_000, "1.5 MB"],
    [999_999_999, "1.0 GB"],
    [5_000_000_000_000, "5000.0 GB"],
  ])("writes %s bytes as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it("writes ages in one unit", () => {
    expect(formatAgo(100, 102)).toBe("now");
    expect(formatAgo(100, 400)).toBe("5 min ago");
  });
});
