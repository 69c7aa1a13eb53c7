import { expect, it } from "vitest";
import { looksLikeId } from "./run_ids";

it("tells ids of runs from words", () => {
  for (const id of ["buyer-295db4c9", "session-X0Zq.1", "nightly_7", " 2026-11-30 "])
    expect(looksLikeId(id), id).toBe(true);
  for (const word of ["", "dark", "theme", "dark theme", "undo 3", "a-b"])
    expect(looksLikeId(word), word).toBe(false);
});
