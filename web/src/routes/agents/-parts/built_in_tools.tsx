import { useQuery } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { Loaded } from "@/parts/desk/loaded";
import { Rows, Section } from "@/parts/desk/section";
import { describePolicy } from "../-agents";
import { ToolRow } from "./tool_row";

export const toolsQuery = {
  queryKey: ["tools"],
  queryFn: async () => (await call(api.GET("/api/v1/tools"))).tools,
  staleTime: Number.POSITIVE_INFINITY,
};

/** The tools that every agent can be given. */
export function BuiltInTools() {
  const tools = useQuery(toolsQuery);
  return (
    <Section
      title="Built-in tools"
      lead={
        <>
          Any agent can have them:{" "}
          <code className="font-mono text-xs">from harness.tools import read_file</code>
        </>
      }
    >
      <Loaded query={tools} rows={4}>
        {(list) => (
          <Rows label="Built-in tools">
            {list.map(({ approval, inline, workspace, ...tool }) => (
              <ToolRow
                key={tool.name}
                name={tool.name}
                effect={tool.effect}
                description={tool.description}
                parameters={tool.parameters}
                policy={describePolicy({
                  timeout_s: tool.timeout_s ?? null,
                  attempts: tool.attempts ?? null,
                  ...(inline ? { inline: true } : {}),
                  ...(workspace ? { workspace: true } : {}),
                }).concat(approval === "never" ? [] : [`approval: ${approval}`])}
              />
            ))}
          </Rows>
        )}
      </Loaded>
    </Section>
  );
}
