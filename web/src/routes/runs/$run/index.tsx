import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createFileRoute, useLocation } from "@tanstack/react-router";
import { Suspense, useEffect, useMemo, useRef } from "react";
import { runQuery } from "@/api/queries";
import type { RunLog } from "@/events/run_log";
import { useRunLog } from "@/events/use_run_log";
import { ProblemCard } from "@/parts/problem_card";
import { SkeletonRows } from "@/ui/skeleton";
import { TabPanel, Tabs } from "@/ui/tabs";
import ForgottenRun, { isForgotten } from "./-other/forgotten_run";
import { RunHeader } from "./-parts/run_header";
import { RunProblem } from "./-parts/run_problem";
import { SideColumn } from "./-parts/side_column";
import { SteerSlot } from "./-parts/steer_slot";
import { useTabs } from "./-tabs";
import { type RunView, RunViewProvider, readSearch } from "./-view";

export const Route = createFileRoute("/runs/$run/")({
  validateSearch: readSearch,
  component: () => {
    const { run } = Route.useParams();
    return <RunFrame key={run} run={run} />;
  },
});

function RunFrame({ run }: { run: string }) {
  const { view, error, retry } = useView(run);
  const tabs = useTabs();
  const tab = tabs.find((each) => each.id === view.search.tab) ?? tabs[0];
  if (isForgotten(error)) return <ForgottenRun run={run} />;
  if (error && !view.card && view.log.events === 0)
    return <RunProblem run={run} error={error} retry={retry} />;
  if (!tab) return null;
  // Nothing is known of it yet, not even whether there is such a run.
  if (!view.card && view.log.events === 0) return <SkeletonRows rows={6} />;
  return (
    <RunViewProvider value={view}>
      <div className="flex h-full min-h-0 flex-col">
        <RunHeader />
        {error && <ProblemCard className="mx-4 my-3 sm:mx-6" error={error} />}
        <SideColumn>
          <div className="flex min-h-0 min-w-0 flex-1 flex-col">
            <Tabs
              label="What the run did"
              tabs={tabs}
              selected={tab.id}
              onSelect={(id) => view.setSearch({ tab: id })}
              className="min-w-0"
            >
              <TabPanel key={tab.id} id={tab.id} className="overflow-hidden">
                <h2 className="sr-only">{tab.title}</h2>
                <Suspense fallback={<SkeletonRows rows={6} />}>
                  <tab.Content />
                </Suspense>
              </TabPanel>
            </Tabs>
            <SteerSlot />
          </div>
        </SideColumn>
      </div>
    </RunViewProvider>
  );
}

function useView(run: string): { view: RunView; error: Error | null; retry: () => void } {
  const card = useQuery(runQuery(run));
  const { log, version, problem } = useRunLog(run);
  const search = Route.useSearch();
  const navigate = Route.useNavigate();
  const selected = useLocation({ select: (location) => location.hash || undefined });
  useFreshCard(run, log, card.data);
  const view = useMemo<RunView>(
    () => ({
      run,
      log,
      version,
      card: card.data,
      search,
      setSearch: (changed) =>
        void navigate({
          search: (now) => readSearch({ ...now, ...changed }),
          hash: true,
          replace: true,
        }),
      selected,
      select: (key) =>
        void navigate({
          search: true,
          hash: key ?? "",
          replace: true,
          resetScroll: false,
          hashScrollIntoView: false,
        }),
    }),
    [run, log, version, card.data, search, selected, navigate],
  );
  const retry = () => void card.refetch();
  return { view, error: problem ?? (log.events ? null : card.error), retry };
}

/** Reads the card again when the run's state changes: forks and totals are there. While the past of
 * a run is read, its states were others and its card is right: of a long run, it takes a while. */
function useFreshCard(run: string, log: RunLog, card: RunView["card"]): void {
  const queries = useQueryClient();
  const { state } = log;
  const before = useRef(state);
  const known = card?.state;
  const isPast = !log.wasOver && card?.ended != null;
  useEffect(() => {
    if (before.current === state || known === undefined) return;
    before.current = state;
    if (state === known || isPast) return;
    void queries.invalidateQueries({ queryKey: ["run", run], exact: true });
  }, [queries, run, state, known, isPast]);
}
