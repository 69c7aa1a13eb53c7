import { describe, expect, it } from "vitest";
import { readOpening } from "./openings";

describe("readOpening", () => {
  it.each([
    ["undo", { kind: "undo" }],
    ["fork", { kind: "fork", at: undefined }],
    ["fork-12", { kind: "fork", at: 12 }],
    ["what-if-0", { kind: "what-if", at: 0 }],
    ["fork--1", null],
    ["fork-1e9", null],
    ["constructor", null],
    [undefined, null],
  ])("reads %s", (open, opening) => {
    expect(readOpening(open)).toEqual(opening);
  });
});
