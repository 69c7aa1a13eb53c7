import { X } from "lucide-react";
import { useState } from "react";
import { daemonNow } from "@/api/daemon_clock";
import { Loaded } from "@/parts/desk/loaded";
import { Section } from "@/parts/desk/section";
import { EmptyState } from "@/parts/empty_state";
import { formatCount, formatMoney } from "@/parts/figures";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { Select } from "@/ui/field";
import {
  type CostSearch,
  DAYS,
  type Days,
  FILTERS,
  fillDays,
  GROUPS,
  type Group,
  listDays,
} from "../-cost";
import { DayChart } from "./day_chart";
import { SpendingRows } from "./spending_rows";
import { Sums } from "./sums";
import { useForecast, useSpending } from "./use_cost";

type Change = (changes: { [K in keyof CostSearch]?: CostSearch[K] | undefined }) => void;

/** What was spent: together, by day, and by what it was spent on. */
export default function SpendingTab(props: { search: CostSearch; change: Change }) {
  const { search, change } = props;
  const { group: by = "agent", days = 30 } = search;
  const measure = search.show ?? "cost";
  const admin = useMay("admin");
  const daily = useSpending(search, "day");
  const grouped = useSpending(search, by);
  const [shown] = useState(daemonNow);
  const groups = GROUPS.filter((each) => each !== "owner" || admin);
  return (
    <>
      <Filters search={search} change={change} />
      <Loaded query={daily} rows={4} className="m-0">
        {({ spending, total }) => (
          <>
            <Sums total={total} />
            <Forecast agent={search.agent} />
            <Section
              title="By day"
              actions={
                <>
                  <Select
                    aria-label="What the chart shows"
                    className="h-8 w-auto text-xs"
                    value={measure}
                    onChange={({ target }) =>
                      change({ show: target.value === "tokens" ? "tokens" : undefined })
                    }
                  >
                    <option value="cost">Cost</option>
                    <option value="tokens">Tokens</option>
                  </Select>
                  <Select
                    aria-label="Since"
                    className="h-8 w-auto text-xs"
                    value={days}
                    onChange={({ target }) => change({ days: Number(target.value) as Days })}
                  >
                    {DAYS.map((each) => (
                      <option key={each} value={each}>
                        {each} days
                      </option>
                    ))}
                  </Select>
                </>
              }
            >
              <DayChart
                bars={fillDays(spending, listDays(days, shown), measure)}
                measure={measure}
              />
            </Section>
          </>
        )}
      </Loaded>
      <Section
        title={`By ${by}`}
        actions={
          <Select
            aria-label="Sum by"
            className="h-8 w-auto text-xs"
            value={by}
            onChange={({ target }) => change({ group: target.value as Group })}
          >
            {groups.map((each) => (
              <option key={each} value={each}>
                by {each}
              </option>
            ))}
          </Select>
        }
      >
        <Loaded query={grouped} rows={4}>
          {({ spending }) =>
            spending.length === 0 ? (
              <EmptyState title="No model was called">
                Calls appear here as they end, also those of runs that have been deleted since.
              </EmptyState>
            ) : (
              <SpendingRows rows={spending} by={by} measure={measure} search={search} />
            )
          }
        </Loaded>
      </Section>
    </>
  );
}

function Filters({ search, change }: { search: CostSearch; change: Change }) {
  const set = FILTERS.filter((name) => search[name] !== undefined);
  if (set.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-2">
      {set.map((name) => (
        <Button
          key={name}
          size="sm"
          aria-label={`Remove the filter ${name} ${search[name]}`}
          onClick={() => change({ [name]: undefined })}
        >
          <span className="max-w-64 truncate">
            {name} {search[name]}
          </span>
          <X aria-hidden />
        </Button>
      ))}
    </div>
  );
}

/** What the next run of the agent is likely to use. */
function Forecast({ agent }: { agent: string | undefined }) {
  const { data } = useForecast(agent);
  if (!data?.tokens) return null;
  const { cost_micros: cost, tokens, turns } = data;
  return (
    <p className="rounded-lg border border-line-soft bg-surface px-4 py-3">
      <span className="font-medium">The next run</span>{" "}
      <span className="text-muted">
        is likely to use {formatCount(tokens.p50)} tokens
        {cost && ` (${formatMoney(cost.p50)})`}
        {turns && ` in ${turns.p50} ${turns.p50 === 1 ? "turn" : "turns"}`}. Nine of ten runs used
        no more than {formatCount(tokens.p90)}
        {cost && ` (${formatMoney(cost.p90)})`}. From the newest {data.runs}{" "}
        {data.runs === 1 ? "run" : "runs"}.
      </span>
    </p>
  );
}
