import { useQuery } from "@tanstack/react-query";
import { ArrowLeftRight } from "lucide-react";
import { useMemo } from "react";
import { api, call } from "@/api/client";
import { useCommands } from "@/parts/commands";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { RunPicker } from "@/parts/run_picker";
import { View } from "@/parts/view";
import { Button } from "@/ui/button";
import { SkeletonRows } from "@/ui/skeleton";
import { PairList } from "./pair_list";
import { listItems } from "./rows";
import type { CompareSearch } from "./search";
import { Sides } from "./sides";

/** Two runs side by side, from where they part. */
export function ComparePage(props: {
  search: CompareSearch;
  setSearch: (changed: CompareSearch) => void;
}) {
  const { left, right, all } = props.search;
  const swap = () =>
    props.setSearch({ ...(right ? { left: right } : {}), ...(left ? { right: left } : {}) });
  useCommands([
    {
      id: "swap",
      title: "Swap the two runs",
      group: "Compare",
      keys: "s",
      icon: ArrowLeftRight,
      run: swap,
    },
  ]);
  return (
    <View title="Compare">
      <div className="flex h-full min-h-0 flex-col">
        <div className="flex shrink-0 flex-wrap items-end gap-2 border-b px-4 py-3 sm:px-6">
          <RunPicker label="Left" value={left} onChange={(run) => props.setSearch({ left: run })} />
          <Button
            size="icon"
            tone="quiet"
            className="mb-0.5"
            aria-label="Swap the two runs"
            disabled={!left && !right}
            onClick={swap}
          >
            <ArrowLeftRight aria-hidden />
          </Button>
          <RunPicker
            label="Right"
            value={right}
            onChange={(run) => props.setSearch({ right: run })}
          />
        </div>
        {left && right ? (
          <Comparison
            left={left}
            right={right}
            all={all ?? false}
            setAll={(wanted) => props.setSearch({ all: wanted || undefined } as CompareSearch)}
          />
        ) : (
          <EmptyState title="Choose two runs">
            They are aligned by what happened, from the first difference on. A run and its fork are
            a good pair.
          </EmptyState>
        )}
      </div>
    </View>
  );
}

function Comparison(props: {
  left: string;
  right: string;
  all: boolean;
  setAll: (all: boolean) => void;
}) {
  const { left, right, all } = props;
  const diff = useQuery({
    queryKey: ["diff", left, right],
    queryFn: () =>
      call(
        api.GET("/api/v1/runs/{run}/diff", {
          params: { path: { run: left }, query: { other: right } },
        }),
      ),
    retry: false,
  });
  const items = useMemo(() => (diff.data ? listItems(diff.data, !all) : []), [diff.data, all]);
  if (diff.error)
    return (
      <ProblemCard className="m-4 sm:m-6" error={diff.error} retry={() => void diff.refetch()} />
    );
  if (!diff.data) return <SkeletonRows rows={6} />;
  return (
    <PairList
      key={`${left} ${right}`}
      items={items}
      header={<Sides left={left} right={right} diff={diff.data} />}
      turn={diff.data.turn ?? null}
      all={all}
      setAll={props.setAll}
    />
  );
}
