import { describe, expect, it } from "vitest";
import { diffWords, isAlike, sideOf } from "./words";

const text = (pieces: { text: string }[]) => pieces.map((each) => each.text).join("");

describe("diffWords", () => {
  it("marks the words that differ", () => {
    expect(diffWords("It costs 13 euros.", "It costs 9 euros, today.")).toEqual([
      { kind: "same", text: "It costs " },
      { kind: "removed", text: "13" },
      { kind: "added", text: "9" },
      { kind: "same", text: " euros" },
      { kind: "added", text: ", today" },
      { kind: "same", text: "." },
    ]);
  });

  it.each([
    ["", ""],
    ["", "new\nlines\n"],
    ["a\n\nb", "a\nb\n"],
    ["héllo wörld", "héllo  wörld"],
    ["<b>x</b>", "<i>x</i>"],
    ["\n", " \n "],
    ["🙂 a", "🙃 a"],
  ])("keeps every character of %j and %j", (before, after) => {
    const pieces = diffWords(before, after);
    expect(text(sideOf(pieces, "left"))).toBe(before);
    expect(text(sideOf(pieces, "right"))).toBe(after);
  });

  it("knows when marks do not help", () => {
    expect(isAlike(diffWords("cake costs 14 euros", "salt costs 14 euros"))).toBe(true);
    expect(isAlike(diffWords("price says: tea costs 13", '→ price {"item": "coffee"}'))).toBe(
      false,
    );
  });
});
