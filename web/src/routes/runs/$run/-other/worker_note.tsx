import { useQuery } from "@tanstack/react-query";
import { Unplug } from "lucide-react";
import { agentsQuery } from "@/api/queries";

/** Says that no worker serves the agent: what needs one waits. */
export function WorkerNote(props: { agent: string | undefined }) {
  const agents = useQuery(agentsQuery);
  const found = agents.data?.find((each) => each.name === props.agent);
  if (!agents.data || !props.agent || (found && found.workers.length > 0)) return null;
  return (
    <p className="flex items-start gap-2 rounded-md bg-warn-soft p-3 text-xs" role="status">
      <Unplug aria-hidden className="size-4 shrink-0 text-warn" />
      <span>
        No worker serves the agent {props.agent} now, and its tools are needed for this. It goes on
        as soon as one does: <code>harness serve FILE:AGENT</code>
      </span>
    </p>
  );
}
