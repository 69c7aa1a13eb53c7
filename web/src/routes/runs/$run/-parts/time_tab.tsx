import { useMemo, useState } from "react";
import { isTimed, partsOf, sumUp, type Timed } from "@/events/spans";
import { squeezed, straight } from "@/events/squeeze";
import { costOf } from "@/events/steps";
import { useNow } from "@/parts/ago";
import { EmptyState } from "@/parts/empty_state";
import { cn } from "@/ui/cn";
import { useRunView } from "../-view";
import { TimeSummary } from "./time_summary";
import { Waterfall } from "./waterfall";

const SORTS = [
  { sort: undefined, title: "As it happened" },
  { sort: "time", title: "Longest first" },
  { sort: "cost", title: "Most expensive first" },
] as const;

/** Where time and money went. */
export default function TimeTab() {
  const { log, search, setSearch } = useRunView();
  const beat = useBeat();
  const [fit, setFit] = useState(false);
  /** Waits would leave no room for the rest: then they are left out, unless somebody chose. */
  const [skips, setSkips] = useState<boolean>();
  const from = log.started?.at ?? 0;
  const to = useEnd();
  // biome-ignore lint/correctness/useExhaustiveDependencies: steps are changed in place; `beat` says when
  const steps = useMemo(
    () => sorted(log.steps.filter(isTimed), search.sort),
    [log, beat, search.sort],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: steps are changed in place; `beat` says when
  const sums = useMemo(() => sumUp(log.steps, from, to), [log, beat, from, to]);
  const skip = skips ?? sums.waits > (to - from) / 3;
  // biome-ignore lint/correctness/useExhaustiveDependencies: steps are changed in place; `beat` says when
  const scale = useMemo(
    () => (skip ? squeezed(log.steps, from, to) : straight(from)),
    [skip, log, beat, from, to],
  );
  if (steps.length === 0) return <EmptyState title="Nothing has taken time yet" />;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <TimeSummary sums={sums} />
      <div className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-b px-4 py-1.5 sm:px-6">
        <fieldset className="flex flex-wrap gap-1">
          <legend className="sr-only">Order</legend>
          {SORTS.map(({ sort, title }) => (
            <Choice key={title} chosen={search.sort === sort} onChoose={() => setSearch({ sort })}>
              {title}
            </Choice>
          ))}
        </fieldset>
        <fieldset className="flex flex-wrap gap-1 sm:ml-auto">
          <legend className="sr-only">Scale</legend>
          <Choice chosen={skip} onChoose={() => setSkips(!skip)}>
            Leave out waits
          </Choice>
          <Choice chosen={fit} onChoose={() => setFit(!fit)}>
            Zoom to the steps in sight
          </Choice>
        </fieldset>
      </div>
      <Waterfall steps={steps} scale={scale} from={from} to={to} fit={fit} />
    </div>
  );
}

/** Changes once a second while the run goes on: sums over all steps are not for every frame. */
function useBeat(): number {
  const { log, version } = useRunView();
  const now = useNow();
  return log.ended ? version : now;
}

/** The end of the run, or now; a run in progress grows with the clock. */
function useEnd(): number {
  const { log } = useRunView();
  const now = useNow();
  return log.ended?.at ?? Math.max(now, log.steps.at(-1)?.at ?? 0);
}

function Choice(props: { chosen: boolean; onChoose: () => void; children: string }) {
  return (
    <button
      type="button"
      aria-pressed={props.chosen}
      onClick={props.onChoose}
      className={cn(
        "rounded-md px-2 py-1 text-muted text-xs hover:bg-sunken hover:text-ink",
        props.chosen && "bg-sunken font-medium text-ink dark:bg-raised",
      )}
    >
      {props.children}
    </button>
  );
}

function sorted(steps: Timed[], sort: "time" | "cost" | undefined): readonly Timed[] {
  if (sort === undefined) return steps;
  const size = (step: Timed) => (sort === "cost" ? costOf(step) : lengthOf(step));
  const sizes = new Map(steps.map((step) => [step, size(step)]));
  return steps.sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0));
}

function lengthOf(step: Timed): number {
  return partsOf(step, Date.now() / 1000).reduce((sum, part) => sum + part.to - part.from, 0);
}
