import { describe, expect, it } from "vitest";
import { diffLines } from "./line_diff";

function show(before: string, after: string): string {
  const signs = { same: " ", added: "+", removed: "-" };
  return diffLines(before, after)
    .map((line) => signs[line.kind] + line.text)
    .join("\n");
}

describe("diffLines", () => {
  it.each([
    ["a\nb\nc", "a\nB\nc", " a\n-b\n+B\n c"],
    ["", "new\n", "+new"],
    ["old\n", "", "-old"],
    ["same\n", "same\n", " same"],
    ["a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc", "-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c"],
    ["x\ny", "y\nz", "-x\n y\n+z"],
  ])("compares %j with %j", (before, after, lines) => {
    expect(show(before, after)).toBe(lines);
  });

  it("rebuilds both texts, whatever they are", () => {
    let seed = 7;
    const random = (most: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % most;
    };
    for (let round = 0; round < 300; round += 1) {
      const make = () => Array.from({ length: random(12) }, () => "abcd"[random(4)]).join("\n");
      const [before, after] = [make(), make()];
      const lines = diffLines(before, after);
      const side = (kind: string) =>
        lines
          .filter((line) => line.kind === "same" || line.kind === kind)
          .map((line) => line.text)
          .join("\n");
      expect([side("removed"), side("added")]).toEqual([before, after]);
    }
  });

  it("gives up on texts that share too little", () => {
    const many = (word: string) => Array.from({ length: 3000 }, (_, n) => word + n).join("\n");
    const lines = diffLines(many("a"), many("b"));
    expect(lines).toHaveLength(6000);
  });
});
