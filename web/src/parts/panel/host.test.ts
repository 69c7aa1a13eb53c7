import { expect, test, vi } from "vitest";

vi.stubGlobal("document", { querySelector: () => null, documentElement: {} });
vi.stubGlobal("location", { origin: "http://x" });
vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => {} }));
vi.stubGlobal("addEventListener", () => {});
const { checkPath, cutTitle } = await import("./host");

test("a title is one short line without what nobody sees", () => {
  expect(cutTitle(" ratelimiter ")).toBe("ratelimiter");
  expect(cutTitle("a\n\tb\u202Ec\u0000")).toBe("a b[U+202E]c[U+0000]");
  expect(cutTitle("x".repeat(500))).toHaveLength(100);
  expect(cutTitle(undefined)).toBe("undefined");
});

test("a path stays below the API", () => {
  expect(checkPath("/notes/count?of=me")).toBe("/notes/count?of=me");
  expect(checkPath("/files/a..b")).toBe("/files/a..b");
  expect(checkPath("/notes?of=%2e%2e/a\\b")).toBe("/notes?of=%2e%2e/a\\b");
  expect(checkPath("/notes/é ü%20x")).toBe("/notes/é ü%20x");
  for (const path of [
    "notes",
    "",
    "https://example.org/",
    "/../x",
    "/a/../../../sign-in",
    "/a/..",
    "/%2e%2e/x",
    "/.%2E/x",
    "/a/%2e%2e/%2e%2e/x",
    "/a/..\\..\\..\\sign-in",
    "\\\\example.org",
    "/.\t./x",
    "/.\n./.\r./sign-in",
    "/\t/example.org",
    "/..%2f..%2fsign-in",
  ]) {
    expect(() => checkPath(path)).toThrow(TypeError);
  }
});
