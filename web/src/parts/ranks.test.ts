import { expect, it } from "vitest";
import { mayDo, type Role } from "./ranks";

const ROLES: readonly Role[] = ["viewer", "operator", "admin"];

it("lets each role do what those below it may, and no more", () => {
  for (const [rank, role] of ROLES.entries()) {
    expect(ROLES.filter((needed) => mayDo(role, needed))).toEqual(ROLES.slice(0, rank + 1));
  }
});

it("lets nobody do anything before the role is known", () => {
  expect(ROLES.filter((needed) => mayDo(undefined, needed))).toEqual([]);
});
