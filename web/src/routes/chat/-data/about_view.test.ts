import { describe, expect, it } from "vitest";
import { aboutView } from "./about_view";

describe("aboutView", () => {
  it.each([
    ["/runs/r-1", "", "about run r-1"],
    ["/runs/a%2Fb.2", "tool-1-c", "about run a/b.2, step tool-1-c"],
    ["/harness/runs/r-1", "", "about run r-1"],
    ["/agents/writer", "", "about agent writer"],
    ["/runs/%ZZ", "", "about run %ZZ"],
    ["/runs", "", undefined],
    ["/inbox", "x", undefined],
  ])("says what %s shows", (pathname, hash, about) => {
    expect(aboutView({ pathname, hash, search: {} })).toBe(about);
  });

  it("names the tab", () => {
    const at = { pathname: "/runs/r-1", hash: "", search: { tab: "time" } };
    expect(aboutView(at)).toBe("about run r-1, time");
  });
});
