import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, call, type Schemas } from "@/api/client";
import { Section } from "@/parts/desk/section";
import { LongText } from "@/parts/json_view";
import type { AgentView } from "../-agents";

export interface NewestSpec {
  run: string;
  agent: Schemas["PinnedAgent"];
}

/** Workers publish no instructions and no schemas, but each run pins them: those of the newest run
 * that the person may see. */
export function useNewestSpec(name: string): UseQueryResult<NewestSpec | null> {
  return useQuery({
    queryKey: ["agent", name, "spec"],
    queryFn: async () => {
      const query = { agent: name, limit: 1 };
      const [row] = (await call(api.GET("/api/v1/runs", { params: { query } }))).runs;
      if (!row) return null;
      const params = { path: { run: row.id } };
      return { run: row.id, agent: await call(api.GET("/api/v1/runs/{run}/spec", { params })) };
    },
    staleTime: 30_000,
    retry: false,
  });
}

export function Instructions(props: { agent: AgentView; spec: UseQueryResult<NewestSpec | null> }) {
  const published = props.agent.published_agent;
  const spec = props.spec.data;
  if (published?.instructs) {
    return (
      <Section title="Instructions">
        <p className="px-4 py-3 text-muted">
          A worker writes them for each run from what the run is given.
        </p>
      </Section>
    );
  }
  if (!spec?.agent.instructions) return null;
  return (
    <Section title="Instructions" lead={<FromRun agent={props.agent} spec={spec} />}>
      <LongText text={spec.agent.instructions} className="px-4 py-3" />
    </Section>
  );
}

/** Says where it is from, if the agent has changed since. */
export function FromRun(props: { agent: AgentView; spec: NewestSpec }) {
  const current = props.spec.agent.spec === props.agent.published_agent?.spec;
  return (
    <span className="text-xs">
      As{" "}
      <Link to="/runs/$run" params={{ run: props.spec.run }} className="underline">
        the newest run
      </Link>{" "}
      has them
      {current ? "." : "; the agent has changed since."}
    </span>
  );
}
