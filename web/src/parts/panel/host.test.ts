import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { querySelector: () => null, documentElement: {} });
vi.stubGlobal("location", { origin: "http://x" });
vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => {} }));
vi.stubGlobal("addEventListener", () => {});
const { checkPath } = await import("./host");

test("a path stays below the API", () => {
  expect(checkPath("/notes/count?of=me")).toBe("/notes/count?of=me");
  expect(checkPath("/files/a..b")).toBe("/files/a..b");
  for (const path of [
    "notes",
    "",
    "https://example.org/",
    "/../x",
    "/a/../../../sign-in",
    "/a/..",
  ]) {
    expect(() => checkPath(path)).toThrow(TypeError);
  }
});
