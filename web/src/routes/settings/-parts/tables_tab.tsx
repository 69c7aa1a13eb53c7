import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleX, TriangleAlert } from "lucide-react";
import { api, call, type Schemas } from "@/api/client";
import { Badge } from "@/parts/desk/badge";
import { Loaded } from "@/parts/desk/loaded";
import { Rows, Section } from "@/parts/desk/section";

/** The tables in Postgres, and the migrations that have not run. */
export default function TablesTab() {
  const schemas = useQuery({
    queryKey: ["schemas"],
    queryFn: async () => (await call(api.GET("/api/v1/schemas"))).schemas,
    staleTime: 10_000,
  });
  return (
    <Section
      title="Tables in Postgres"
      lead="Migrations run when a daemon or a worker starts: either all of them are applied, or none."
    >
      <Loaded query={schemas}>
        {(list) => (
          <Rows label="Schemas">
            {list.map((schema) => (
              <SchemaRow key={schema.schema_name} schema={schema} />
            ))}
          </Rows>
        )}
      </Loaded>
    </Section>
  );
}

function SchemaRow({ schema }: { schema: Schemas["SchemaView"] }) {
  const count = schema.pending.length;
  return (
    <li className="px-4 py-2.5">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="min-w-0 flex-1 truncate font-mono text-xs">{schema.schema_name}</span>
        <span className="text-muted text-xs">
          {schema.at === schema.needed
            ? schema.needed
            : `${schema.at ?? "none"} → ${schema.needed}`}
        </span>
        {schema.problem ? (
          <Badge icon={CircleX} tone="bad" className="w-28">
            cannot migrate
          </Badge>
        ) : count > 0 ? (
          <Badge icon={TriangleAlert} tone="warn" className="w-28">
            {count} pending
          </Badge>
        ) : (
          <Badge icon={CircleCheck} tone="good" className="w-28">
            up to date
          </Badge>
        )}
      </p>
      {schema.problem && <p className="mt-1 break-words text-bad text-xs">{schema.problem}</p>}
      {schema.pending.map((step) => (
        <details key={step.revision} className="mt-1 text-xs">
          <summary className="cursor-pointer text-muted">
            {step.revision}: {step.summary}
          </summary>
          {step.sql && (
            <pre className="mt-1 overflow-x-auto rounded-sm bg-sunken p-2 font-mono">
              {step.sql}
            </pre>
          )}
        </details>
      ))}
    </li>
  );
}
