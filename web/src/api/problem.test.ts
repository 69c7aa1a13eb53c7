import { expect, it } from "vitest";
import { Problem } from "./problem";

it.each([
  [0, "offline"],
  [400, "request"],
  [401, "signed_out"],
  [403, "not_allowed"],
  [404, "request"],
  [429, "busy"],
  [500, "server"],
  [503, "server"],
] as const)("takes status %s as %s", (status, kind) => {
  expect(new Problem({}, status).kind).toBe(kind);
});

it("takes a request without an answer as offline, and other errors as failures", () => {
  const problem = new Problem({ detail: "No." }, 403);
  expect(Problem.of(problem)).toBe(problem);
  expect(Problem.of(new TypeError("Failed to fetch")).kind).toBe("offline");
  expect(Problem.of(new Error("Odd.")).kind).toBe("server");
});
