import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Rows, Section } from "@/parts/desk/section";
import { type AgentView, describePolicy } from "../-agents";
import { toolsQuery } from "./built_in_tools";
import { FromRun, type NewestSpec } from "./newest_spec";
import { ToolRow } from "./tool_row";

/** The tools of an agent; their schemas are those of the newest run, or of built-in tools. */
export function AgentTools(props: { agent: AgentView; spec: UseQueryResult<NewestSpec | null> }) {
  const { agent } = props;
  const builtIn = useQuery(toolsQuery);
  const spec = props.spec.data ?? undefined;
  const pinned = new Map(spec?.agent.tools.map((tool) => [tool.name, tool]));
  return (
    <Section title="Tools" lead={pinned.size > 0 && spec && <FromRun agent={agent} spec={spec} />}>
      {agent.tools.length === 0 ? (
        <p className="px-4 py-3 text-muted">It has no tools.</p>
      ) : (
        <Rows label="Tools">
          {agent.tools.map((name) => {
            const known = pinned.get(name) ?? builtIn.data?.find((tool) => tool.name === name);
            const policy = agent.published_agent?.tools[name];
            return (
              <ToolRow
                key={name}
                name={name}
                effect={policy?.effect}
                policy={policy ? describePolicy(policy) : []}
                description={known?.description}
                parameters={known?.parameters}
              />
            );
          })}
        </Rows>
      )}
    </Section>
  );
}
