import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { browserName } from "./browser_name";

const SOURCES = new URL("..", import.meta.url);

describe("browserName", () => {
  it("differs between two daemons of one host", () => {
    const names = ["", "/a", "/b", "/a.live"].map((root) => browserName("live", root));
    expect(names[0]).toBe("harness.live");
    expect(new Set(names).size).toBe(4);
  });

  it("never begins a name of another daemon", () => {
    expect(browserName("chat.out.x", "/a.chat").startsWith(browserName("chat.", "/a"))).toBe(false);
  });

  it("names everything that is shared", () => {
    const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" });
    const direct = files
      .filter((file) => /\.tsx?$/.test(file) && !/\.test\.ts$|schema\.d\.ts$/.test(file))
      .filter((file) => /["'`]harness\.[a-z]/.test(readFileSync(new URL(file, SOURCES), "utf8")));
    expect(direct).toEqual([]);
  });
});
