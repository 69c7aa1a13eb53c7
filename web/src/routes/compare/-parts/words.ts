/** Which words two texts share. Pure. */
import { type DiffLine, diffLines } from "@/parts/line_diff";

export type Piece = DiffLine;

/** Beyond this, lines are compared instead: a word each would be too many elements. */
export const MOST_CHARACTERS = 20_000;

const WORDS = /\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu;

/** Stands for a line break within a word list that is compared line by line. */
const BREAK = "\u2028";

/** What was kept, added and removed, in order; neighbours of one kind are one piece. */
export function diffWords(before: string, after: string): Piece[] {
  const pieces: Piece[] = [];
  for (const { kind, text } of diffLines(listWords(before), listWords(after))) {
    const last = pieces.at(-1);
    const word = text.replaceAll(BREAK, "\n");
    if (last?.kind === kind) last.text += word;
    else pieces.push({ kind, text: word });
  }
  return pieces;
}

function listWords(text: string): string {
  const words = text.match(WORDS) ?? [];
  // The last, empty line is cut off by the comparison.
  return words.length ? `${words.map((word) => word.replaceAll("\n", BREAK)).join("\n")}\n` : "";
}

const ALIKE = 0.3;

/** Whether two texts share enough for marks to help: scattered words of another text do not. */
export function isAlike(pieces: readonly Piece[]): boolean {
  const count = (kind: Piece["kind"]) =>
    pieces.reduce((sum, each) => sum + (each.kind === kind ? each.text.trim().length : 0), 0);
  const same = count("same");
  const longer = same + Math.max(count("added"), count("removed"));
  return same >= ALIKE * longer;
}

/** One side of a comparison: what it has, with its own words marked. */
export function sideOf(pieces: readonly Piece[], side: "left" | "right"): Piece[] {
  return pieces.filter((piece) => piece.kind !== (side === "left" ? "added" : "removed"));
}
