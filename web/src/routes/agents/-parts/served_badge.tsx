import { CircleCheck, CircleDashed, CircleX } from "lucide-react";
import { Badge } from "@/parts/desk/badge";
import type { AgentView } from "../-agents";

/** Whether the agent can be used now. */
export function ServedBadge({ agent }: { agent: AgentView }) {
  if (agent.problem) {
    return (
      <Badge icon={CircleX} tone="bad">
        unusable
      </Badge>
    );
  }
  const { length } = agent.workers;
  return length > 0 ? (
    <Badge icon={CircleCheck} tone="good">
      {length === 1 ? "served" : `served by ${length}`}
    </Badge>
  ) : (
    <Badge icon={CircleDashed} tone="warn">
      no worker
    </Badge>
  );
}
