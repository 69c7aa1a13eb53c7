import { expect, test } from "vitest";
import { countTrusts, describeSource, type MemoryView, readSearch } from "./-memory";

const id = `mem_${"0".repeat(24)}`;
const memory = (more: Partial<MemoryView>): MemoryView => ({
  id,
  text: "Ada drinks tea.",
  lane: "owner",
  trust: "said",
  source: "tool",
  made: "2027-01-02T10:00:00Z",
  ...more,
});

test("the address", () => {
  expect(readSearch({ find: 5, show: id, add: true, x: 1 })).toEqual({
    find: "5",
    show: id,
    add: true,
  });
  expect(readSearch({ find: "  ", show: "../mem", add: "yes" })).toEqual({});
});

test("who wrote a memory", () => {
  expect(describeSource(memory({ source: "person", by: "ada" }))).toBe("written by ada");
  expect(describeSource(memory({ agent: "mail" }))).toBe("from a run of mail");
  expect(describeSource(memory({ source: "extraction", agent: null }))).toBe(
    "extracted from a run",
  );
});

test("trusts that a daemon does not know yet are left out", () => {
  expect(countTrusts({ said: 3, untrusted: 1, other: 2 })).toEqual([
    { trust: "untrusted", count: 1 },
    { trust: "said", count: 3 },
  ]);
});
