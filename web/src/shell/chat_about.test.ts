import { describe, expect, it } from "vitest";
import { aboutView } from "./chat_about";

describe("aboutView", () => {
  it.each([
    ["/runs/r-1", {}, "about run r-1"],
    ["/runs/a%2Fb.2", { step: "tool-1-c" }, "about run a/b.2, step tool-1-c"],
    ["/harness/runs/r-1/undo", {}, "about run r-1, undo"],
    ["/agents/writer", {}, "about agent writer"],
    ["/runs/%ZZ", {}, "about run %ZZ"],
    ["/runs", {}, undefined],
    ["/inbox", { step: "x" }, undefined],
  ])("says what %s shows", (pathname, search, about) => {
    expect(aboutView({ pathname, search })).toBe(about);
  });
});
