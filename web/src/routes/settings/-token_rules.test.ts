import { expect, test } from "vitest";
import { type Credential, isOver, rolesUpTo } from "./-parts/token_rules";
import { readSearch } from "./-tabs";

const token: Credential = {
  id: "1",
  kind: "token",
  user: "ana",
  role: "viewer",
  name: "",
  created: 1,
  genuine: true,
};

test("a token is over when it is revoked or has expired", () => {
  expect(isOver(token, 100)).toBe(false);
  expect(isOver({ ...token, expires: 100 }, 100)).toBe(true);
  expect(isOver({ ...token, expires: 101 }, 100)).toBe(false);
  expect(isOver({ ...token, revoked: 5 }, 100)).toBe(true);
});

test("no role above one's own is offered", () => {
  expect(rolesUpTo("operator")).toEqual(["viewer", "operator"]);
  expect(rolesUpTo("viewer")).toEqual(["viewer"]);
});

test("the address", () => {
  expect(readSearch({ tab: "users", find: 3 })).toEqual({ tab: "users", find: "3" });
  expect(readSearch({ tab: "page" })).toEqual({});
  expect(readSearch({ tab: "toString" })).toEqual({});
});
