import { queryOptions, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, call } from "@/api/client";
import { CodeBlock } from "@/parts/code_block";
import { Loaded } from "@/parts/desk/loaded";
import { Column, Rows, Section } from "@/parts/desk/section";
import { View } from "@/parts/view";
import type { Limit } from "./-limits";
import { LimitRow } from "./-parts/limit_row";

export const Route = createFileRoute("/limits/")({ component: Limits });

/** Calls come and go by the second, and no topic says so. */
const AGAIN_MS = 2_000;

const limitsQuery = queryOptions({
  queryKey: ["limits"],
  queryFn: async () => (await call(api.GET("/api/v1/limits"))).limits,
  refetchInterval: AGAIN_MS,
});
const poolsQuery = queryOptions({
  queryKey: ["pools"],
  queryFn: async () => (await call(api.GET("/api/v1/pools"))).limits,
  refetchInterval: AGAIN_MS,
});

const MODELS = `[limits.models."openai/gpt-5"]
requests_per_minute = 500
tokens_per_minute = 200_000`;
const POOLS = `[limits.pools.browser]
width = 2`;

function Limits() {
  return (
    <View title="Limits">
      <Column>
        <Part
          title="Models and providers"
          lead="What all workers together may ask of them."
          query={useQuery(limitsQuery)}
          none="No model has a limit, so calls are made at once. In harness.toml:"
          example={MODELS}
        />
        <Part
          title="Pools"
          lead="How many calls of their tools run at the same time."
          query={useQuery(poolsQuery)}
          none="There are no pools. In harness.toml, for tools with @tool(pool=…):"
          example={POOLS}
        />
      </Column>
    </View>
  );
}

function Part(props: {
  title: string;
  lead: string;
  query: UseQueryResult<Limit[]>;
  none: ReactNode;
  example: string;
}) {
  return (
    <Section title={props.title} lead={props.lead}>
      <Loaded query={props.query} rows={3}>
        {(limits) =>
          limits.length === 0 ? (
            <div className="flex flex-col gap-2 px-4 py-4 text-muted">
              <p>{props.none}</p>
              <CodeBlock>
                <code className="language-toml">{props.example}</code>
              </CodeBlock>
            </div>
          ) : (
            <Rows label={props.title}>
              {limits.map((limit) => (
                <LimitRow key={`${limit.kind} ${limit.name}`} limit={limit} />
              ))}
            </Rows>
          )
        }
      </Loaded>
    </Section>
  );
}
