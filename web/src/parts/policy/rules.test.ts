import { expect, test } from "vitest";
import { describeCondition, describeLapse, nameDecider, readRule, writeToml } from "./rules";

const rule = {
  name: "large payments",
  decision: "ask",
  tool: ["pay", "refund"],
  arguments: { amount: { above: 100 }, "to[0]": { not: { glob: ["*@shop.example"] } } },
  whom: ["role:admin", "ann"],
  timeout: "1h",
  // biome-ignore lint/suspicious/noThenProperty: so a policy file calls it
  then: "escalate:operator",
  remember: true,
  cost_above: 2.5,
};

test("a rule in words", () => {
  expect(readRule(rule)).toEqual({
    name: "large payments",
    decision: "ask",
    about: [
      { what: "tool", value: "pay, refund" },
      { what: "amount", value: "above 100" },
      { what: "to[0]", value: "not (fits *@shop.example)" },
      { what: "cost", value: "above $2.5" },
    ],
    does: [
      "asks anyone with the role admin or ann",
      "after 1h: asks the role operator too",
      "an approval may be remembered",
    ],
  });
});

test("conditions, also those that only a newer daemon knows", () => {
  expect(describeCondition({ in: ["a", 5, null], ignore_case: true })).toBe(
    "is one of a, 5, null, in any case",
  );
  expect(describeCondition({ present: false })).toBe("is absent");
  expect(describeCondition({ newer: { than: 3 } })).toBe('newer {"than":3}');
  expect([nameDecider("bob"), describeLapse(undefined)]).toEqual(["bob", "denied"]);
});

test("a policy as a file", () => {
  const policy = { rules: [{ name: 'say "no"\n\u007f', decision: "deny" }, rule] };
  expect(writeToml(policy)).toBe(`[[rules]]
name = "say \\"no\\"\\n\\u007f"
decision = "deny"

[[rules]]
name = "large payments"
decision = "ask"
tool = ["pay", "refund"]
arguments = { amount = { above = 100 }, "to[0]" = { not = { glob = ["*@shop.example"] } } }
whom = ["role:admin", "ann"]
timeout = "1h"
then = "escalate:operator"
remember = true
cost_above = 2.5
`);
  const odd = { rules: [{ decision: "deny", arguments: { to: { equals: null } } }] };
  expect(writeToml(odd)).toBeUndefined();
});
