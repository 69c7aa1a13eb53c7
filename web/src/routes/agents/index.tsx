import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { agentsQuery } from "@/api/queries";
import { Chip } from "@/parts/desk/badge";
import { Loaded } from "@/parts/desk/loaded";
import { Column, Rows, Section } from "@/parts/desk/section";
import { EmptyState } from "@/parts/empty_state";
import { View } from "@/parts/view";
import { type AgentView, isServed, sortAgents } from "./-agents";
import { AgentActions, useAgentCommands } from "./-parts/agent_actions";
import { BuiltInTools } from "./-parts/built_in_tools";
import { ServedBadge } from "./-parts/served_badge";

export const Route = createFileRoute("/agents/")({ component: Agents });

function Agents() {
  const agents = useQuery({ ...agentsQuery, refetchInterval: 10_000 });
  const found = agents.data ?? [];
  useAgentCommands(found);
  const served = found.filter(isServed).length;
  return (
    <View
      title="Agents"
      lead={
        found.length > 0 && (
          <span className="text-muted text-xs">
            {served} of {found.length} served
          </span>
        )
      }
    >
      <Column>
        <Section title="Published" className={found.length === 0 ? "-mb-2" : ""}>
          <Loaded query={agents} rows={3}>
            {(list) =>
              list.length === 0 ? (
                <NoAgents />
              ) : (
                <Rows label="Published agents">
                  {sortAgents(list).map((agent) => (
                    <AgentRow key={agent.name} agent={agent} />
                  ))}
                </Rows>
              )
            }
          </Loaded>
        </Section>
        <BuiltInTools />
      </Column>
    </View>
  );
}

function AgentRow({ agent }: { agent: AgentView }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:flex-nowrap">
      <div className="min-w-0 flex-1 basis-60">
        <p className="flex items-center gap-3">
          <Link
            to="/agents/$agent"
            params={{ agent: agent.name }}
            className="min-w-0 truncate font-medium hover:underline"
          >
            {agent.name}
          </Link>
          <ServedBadge agent={agent} />
        </p>
        {agent.problem ? (
          <p className="mt-0.5 line-clamp-2 text-bad text-xs">{agent.problem}</p>
        ) : (
          <p className="mt-1 flex flex-wrap gap-1">
            {agent.models.slice(0, 2).map((model) => (
              <Chip key={model}>{model}</Chip>
            ))}
            {agent.models.length > 2 && <Chip>+{agent.models.length - 2}</Chip>}
            <Chip>
              {agent.tools.length === 1 ? "1 tool" : `${agent.tools.length || "no"} tools`}
            </Chip>
          </p>
        )}
      </div>
      <AgentActions agent={agent} />
    </li>
  );
}

function NoAgents() {
  return (
    <EmptyState title="No agent is published">
      Serve the agents of a file, and they appear here:
      <code className="mt-2 block font-mono text-xs">harness worker agents.py</code>
    </EmptyState>
  );
}
