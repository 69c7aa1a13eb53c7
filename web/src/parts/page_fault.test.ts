import { expect, it } from "vitest";
import { Problem } from "@/api/problem";
import { asFault } from "./page_fault";

it("does not blame the daemon for a fault of the page", () => {
  expect(asFault(new RangeError("Maximum call stack size exceeded")).kind).toBe("page");
  expect(asFault(new TypeError("x is not a function")).kind).toBe("page");
  expect(asFault(new Problem({ detail: "broken" }, 500)).kind).toBe("server");
});
