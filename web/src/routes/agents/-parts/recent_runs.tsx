import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, call } from "@/api/client";
import { Ago } from "@/parts/ago";
import { Loaded } from "@/parts/desk/loaded";
import { Rows, Section } from "@/parts/desk/section";
import { formatMoney } from "@/parts/figures";
import { StateBadge } from "@/parts/state_badge";

/** The newest runs of an agent. */
export function RecentRuns({ agent }: { agent: string }) {
  const runs = useQuery({
    queryKey: ["agent", agent, "runs"],
    queryFn: async () =>
      (await call(api.GET("/api/v1/runs", { params: { query: { agent, limit: 8 } } }))).runs,
    refetchInterval: 5_000,
  });
  return (
    <Section
      title="Recent runs"
      actions={
        <Link to="/runs" search={{ agent }} className="text-info text-xs underline">
          All runs of {agent}
        </Link>
      }
    >
      <Loaded query={runs}>
        {(rows) =>
          rows.length === 0 ? (
            <p className="px-4 py-3 text-muted">None yet, or none that you may see.</p>
          ) : (
            <Rows label="Recent runs">
              {rows.map((row) => (
                <li key={row.id} className="flex items-center gap-3 px-4 py-2.5">
                  <StateBadge state={row.state} className="w-24 shrink-0" />
                  <Link
                    to="/runs/$run"
                    params={{ run: row.id }}
                    className="min-w-0 flex-1 truncate hover:underline"
                  >
                    {row.id}
                  </Link>
                  <span className="text-muted text-xs">{formatMoney(row.cost_micros)}</span>
                  <Ago at={row.started} className="w-20 shrink-0 text-right text-muted text-xs" />
                </li>
              ))}
            </Rows>
          )
        }
      </Loaded>
    </Section>
  );
}
