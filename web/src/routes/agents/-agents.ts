import type { Schemas } from "@/api/client";

export type AgentView = Schemas["AgentView"];
export type Policy = Schemas["ToolPolicy"];

/** Whether a worker serves the agent now. */
export function isServed(agent: AgentView): boolean {
  return agent.workers.length > 0 && !agent.problem;
}

/** Those that can be used first, then by name. */
export function sortAgents(agents: readonly AgentView[]): readonly AgentView[] {
  return agents.toSorted(
    (a, b) => Number(isServed(b)) - Number(isServed(a)) || a.name.localeCompare(b.name),
  );
}

/** What a policy says beside the effect, in words. */
export function describePolicy(policy: Partial<Policy>): string[] {
  return [
    policy.approval ? "asks for approval" : "",
    policy.inline ? "inline" : "",
    policy.workspace ? "uses the workspace" : "",
    policy.timeout_s ? `at most ${policy.timeout_s} s` : "",
    policy.attempts ? (policy.attempts === 1 ? "one attempt" : `${policy.attempts} attempts`) : "",
    policy.pin ? "of an MCP server" : "",
  ].filter(Boolean);
}

/** The limits of each run, in words. */
export function describeBudget(budget: Schemas["Budget"]): string[] {
  const count = new Intl.NumberFormat("en");
  return [
    budget.turns ? `${budget.turns} turns` : "",
    budget.tokens ? `${count.format(budget.tokens)} tokens` : "",
    budget.cost_micros ? `$${(budget.cost_micros / 1e6).toFixed(2)}` : "",
    budget.seconds ? `${budget.seconds} s` : "",
    budget.ask ? "asks when one is used up" : "",
  ].filter(Boolean);
}
