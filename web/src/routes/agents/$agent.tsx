import { useQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { agentsQuery } from "@/api/queries";
import { Ago } from "@/parts/ago";
import { Chip } from "@/parts/desk/badge";
import { Loaded } from "@/parts/desk/loaded";
import { Column, Facts, Section } from "@/parts/desk/section";
import { EmptyState } from "@/parts/empty_state";
import { ErrorNote } from "@/parts/error_note";
import { JsonView } from "@/parts/json_view";
import { View } from "@/parts/view";
import { type AgentView, describeBudget } from "./-agents";
import { AgentActions, useAgentCommands } from "./-parts/agent_actions";
import { AgentTools } from "./-parts/agent_tools";
import { Instructions, useNewestSpec } from "./-parts/newest_spec";
import { RecentRuns } from "./-parts/recent_runs";
import { ServedBadge } from "./-parts/served_badge";

export const Route = createFileRoute("/agents/$agent")({
  component: () => <OneAgent name={Route.useParams().agent} />,
});

function OneAgent({ name }: { name: string }) {
  const agents = useQuery({ ...agentsQuery, refetchInterval: 10_000 });
  const agent = agents.data?.find((each) => each.name === name);
  useAgentCommands(agent ? [agent] : []);
  return (
    <View
      title={name}
      lead={agent && <ServedBadge agent={agent} />}
      actions={agent && <AgentActions agent={agent} primary />}
    >
      <Column>
        <Link to="/agents" className="-mb-4 self-start text-muted text-xs hover:underline">
          ← All agents
        </Link>
        <Loaded query={agents} rows={6} className="m-0">
          {() =>
            agent ? (
              <Details agent={agent} />
            ) : (
              <EmptyState title="No agent of this name is published">
                Serve the file that declares it:
                <code className="mt-2 block font-mono text-xs">harness worker agents.py</code>
              </EmptyState>
            )
          }
        </Loaded>
      </Column>
    </View>
  );
}

function Details({ agent }: { agent: AgentView }) {
  const spec = useNewestSpec(agent.name);
  return (
    <>
      <Trouble agent={agent} />
      <Section title="Published">
        <AgentFacts agent={agent} />
      </Section>
      <AgentTools agent={agent} spec={spec} />
      <Instructions agent={agent} spec={spec} />
      <RecentRuns agent={agent.name} />
    </>
  );
}

function Trouble({ agent }: { agent: AgentView }) {
  if (agent.error || agent.problem) {
    return <ErrorNote error={agent.error ?? { message: agent.problem ?? "" }} />;
  }
  if (agent.workers.length > 0) return null;
  return (
    <div className="rounded-md bg-warn-soft px-4 py-3">
      <p className="font-medium">No worker serves this agent</p>
      <p className="text-muted">
        Its runs wait until one does. Start one:{" "}
        <code className="font-mono text-ink text-xs">harness worker agents.py</code>
      </p>
    </div>
  );
}

function AgentFacts({ agent }: { agent: AgentView }) {
  const published = agent.published_agent;
  const budget = published ? describeBudget(published.budget) : [];
  const flags = [
    published?.parallel ? "calls tools in parallel" : "",
    published?.undo ? "undoes its effects when it fails" : "",
    published?.checks ? "checks its output" : "",
  ].filter(Boolean);
  return (
    <Facts
      facts={[
        {
          name: agent.models.length > 1 ? "Models, in order" : "Model",
          value: (
            <ol className="flex flex-wrap gap-1">
              {agent.models.map((model) => (
                <li key={model}>
                  <Chip>{model}</Chip>
                </li>
              ))}
            </ol>
          ),
        },
        {
          name: "Workers",
          value: agent.workers.length > 0 ? agent.workers.join(", ") : "none now",
        },
        {
          name: "Build",
          value: (
            <>
              {agent.build}
              <span className="text-muted">
                {" "}
                from {agent.host}, <Ago at={agent.published} />
              </span>
            </>
          ),
        },
        budget.length > 0 && { name: "Limits of a run", value: budget.join(", ") },
        flags.length > 0 && { name: "Behaviour", value: flags.join(", ") },
        !!published?.output && {
          name: "Typed result",
          value: <JsonView value={published.output} />,
        },
      ]}
    />
  );
}
