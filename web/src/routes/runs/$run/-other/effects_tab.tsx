import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Undo2 } from "lucide-react";
import { useEffect, useMemo } from "react";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { SkeletonRows } from "@/ui/skeleton";
import { useRunView } from "../-view";
import { EffectItem } from "./effect_item";
import { effectsQuery } from "./queries";
import { UndoInProgress } from "./undo_in_progress";
import { countStates, isLeft } from "./undo_plan";

const BUSY_MS = 1_000;
const OPEN_MS = 3_000;
const IDLE_MS = 15_000; // somebody else may undo it

/** What the run did to the world, and how to take it back. */
export default function EffectsTab() {
  const { run, log, setSearch } = useRunView();
  const may = useMay("operator");
  const effects = useEffects();
  const list = effects.data ?? [];
  const left = list.filter(isLeft).length;
  const steps = useMemo(() => keysOfCalls(log.steps), [log.steps, log.steps.length]);
  if (effects.error && !effects.data)
    return (
      <ProblemCard
        className="m-4 sm:m-6"
        error={effects.error}
        retry={() => void effects.refetch()}
      />
    );
  if (effects.isPending) return <SkeletonRows rows={5} />;
  if (list.length === 0)
    return (
      <EmptyState title={log.ended ? "This run changed nothing" : "Nothing changed so far"}>
        Calls of tools that write or send something are listed here, each with what it needs to be
        undone. Reading leaves no trace.
      </EmptyState>
    );
  return (
    <div className="flex h-full flex-col">
      <div className="flex shrink-0 flex-wrap items-center gap-x-4 gap-y-2 border-b px-4 py-2.5 sm:px-6">
        <p className="text-muted text-xs" role="status">
          {describe(list)}
        </p>
        {may && left > 0 && (
          <Button size="sm" className="ml-auto" onClick={() => setSearch({ open: "undo" })}>
            <Undo2 aria-hidden /> Undo…
          </Button>
        )}
      </div>
      <div className="min-h-0 flex-1 overflow-auto px-4 py-4 sm:px-6">
        <UndoInProgress run={run} effects={list} />
        <ol className="mx-auto flex max-w-4xl flex-col gap-2">
          {list.toReversed().map((effect) => (
            <EffectItem
              key={effect.key}
              effect={effect}
              stepKey={steps.get(`${effect.turn} ${effect.call}`)}
            />
          ))}
        </ol>
      </div>
    </div>
  );
}

function useEffects() {
  const { run, log } = useRunView();
  const queries = useQueryClient();
  // A call that ends may have had an effect; the list is not in the run's events.
  const changes = log.state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again when the state changes
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ["run", run, "effects"] });
  }, [queries, run, changes]);
  return useQuery({
    ...effectsQuery(run),
    refetchInterval: ({ state }) =>
      state.data?.some((effect) => effect.state === "undoing")
        ? BUSY_MS
        : log.ended
          ? IDLE_MS
          : OPEN_MS,
  });
}

type Steps = ReturnType<typeof useRunView>["log"]["steps"];

function keysOfCalls(steps: Steps): Map<string, string> {
  const keys = new Map<string, string>();
  for (const step of steps)
    if (step.kind === "tool") keys.set(`${step.turn} ${step.callId}`, step.key);
  return keys;
}

const WORDS = {
  done: "in effect",
  begun: "with unknown outcome",
  failed: "failed",
  undoing: "being undone",
  undone: "undone",
} as const;

function describe(list: Parameters<typeof countStates>[0]): string {
  const counts = countStates(list);
  const parts = (Object.keys(WORDS) as (keyof typeof WORDS)[])
    .filter((state) => counts.has(state))
    .map((state) => `${counts.get(state)} ${WORDS[state]}`);
  return `${list.length} ${list.length === 1 ? "effect" : "effects"}: ${parts.join(", ")}`;
}
