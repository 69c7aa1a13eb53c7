import { expect, test } from "vitest";
import { describeAsking, describeEnd, describeRuling, type Ruling } from "./ruling";

const ruling = (more: Partial<Ruling>): Ruling => ({
  rule: "large payments",
  policy: "0123456789abcdef",
  decision: "ask",
  ...more,
});

test("whom a rule asks, and what happens then", () => {
  expect(describeAsking(ruling({}))).toBe("The rule “large payments” asks.");
  // biome-ignore lint/suspicious/noThenProperty: so a policy file calls it
  const asked = ruling({ whom: ["role:admin", "ann"], then: "escalate:admin" });
  expect(describeAsking(asked)).toBe(
    "The rule “large payments” asks: anyone with the role admin or ann may decide.",
  );
  expect(describeEnd(asked)).toBe("then asks the role admin too");
  expect(describeEnd(ruling({}))).toBe("then denied");
});

test("why nobody was asked", () => {
  expect(describeRuling(ruling({ decision: "deny" }))).toBe("The rule “large payments” denied it.");
  expect(describeRuling(ruling({ decision: "allow", remembered: "r1" }))).toBe(
    "The rule “large payments” allowed it, as a remembered approval says.",
  );
  expect(describeRuling(ruling({ decision: "deny", lapsed: true }))).toBe(
    "The rule “large payments” denied it, because nobody decided in time.",
  );
});
