import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import type { Problem } from "@/api/problem";
import { meQuery } from "@/api/queries";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { View } from "@/parts/view";
import { SkeletonRows } from "@/ui/skeleton";
import {
  changeSearch,
  filtersOf,
  isFiltered,
  type RunFilters,
  type RunRow,
  type RunsSearch,
} from "../-filters";
import { Filters } from "./filters";
import { ListActions } from "./list_actions";
import { RunGrid } from "./run_grid";
import { keepKnown, NOTHING, type Selection } from "./selection";
import { useListCommands } from "./use_list_commands";
import { useRuns } from "./use_runs";
import { useWindow } from "./use_window";

const ListStatus = lazy(() => import("./list_status"));
const NoRuns = lazy(() => import("./no_runs"));
const Peek = lazy(() => import("./peek"));
const BulkBar = lazy(() => import("./bulk_bar"));
const StartDialog = lazy(() => import("./start_dialog"));

const NONE: readonly RunRow[] = [];
/** How far each list was scrolled, for coming back to it. */
const places = new Map<string, number>();

export function RunsView({ search }: { search: RunsSearch }) {
  const filterKey = JSON.stringify(filtersOf(search));
  const filters = useMemo(() => JSON.parse(filterKey) as RunFilters, [filterKey]);
  const { data: me } = useQuery(meQuery);
  const mayStart = useMay("operator");
  const [paused, setPaused] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  return (
    <View
      title="Runs"
      actions={
        <ListActions
          paused={paused}
          onPause={setPaused}
          canPause={!filters.archived}
          canStart={mayStart}
        />
      }
    >
      <div className="flex h-full min-h-0 flex-col">
        <Filters search={search} problem={problem} user={me?.user} role={me?.role} />
        {/* Another list begins at its top, with nothing selected. */}
        <List
          key={filterKey}
          filterKey={filterKey}
          filters={filters}
          peeked={search.peek}
          paused={paused}
          showOwner={me?.role === "admin"}
          onProblem={setProblem}
        />
      </div>
      <Suspense>
        {search.start !== undefined && mayStart && (
          <StartDialog agent={search.start} template={search.template} />
        )}
      </Suspense>
    </View>
  );
}

function List(props: {
  filterKey: string;
  filters: RunFilters;
  peeked: string | undefined;
  paused: boolean;
  showOwner: boolean;
  onProblem: (problem: Problem | null) => void;
}) {
  const { filters, paused, peeked, onProblem } = props;
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [active, setActive] = useState<string | null>(peeked ?? null);
  const [count, setCount] = useState(0);
  const shown = useWindow(scroller, count);
  const [visible, setVisible] = useState<readonly string[]>([]);
  const hold = !shown.atTop || selection.ids.size > 0 || peeked !== undefined;
  const runs = useRuns(filters, { hold, paused, visible });
  const rows = runs.list?.rows ?? NONE;
  const order = useMemo(() => rows.map((row) => row.id), [rows]);

  useEffect(() => setCount(rows.length), [rows.length]);
  useEffect(() => setVisible(order.slice(shown.start, shown.end)), [order, shown.start, shown.end]);
  useEffect(() => onProblem(runs.problem), [runs.problem, onProblem]);
  const { next } = runs.list ?? {};
  const { loadMore } = runs;
  useEffect(() => {
    if (next && !filters.archived && shown.end >= rows.length - 10 && shown.start > 0) loadMore();
  });
  useEffect(() => {
    if (order.length) setSelection((now) => keepKnown(now, new Set(order)));
  }, [order]);
  usePlace(props.filterKey, scroller, rows.length > 0);

  const peek = (id: string | undefined) => {
    void navigate({
      to: "/runs",
      search: changeSearch(({ peek: _, ...rest }) =>
        id === undefined ? rest : { ...rest, peek: id },
      ),
      replace: true,
    });
  };
  const activate = (id: string) => {
    setActive(id);
    if (peeked !== undefined && peeked !== id) peek(id);
  };
  const toTop = () => {
    runs.showArrived();
    scroller.current?.scrollTo({ top: 0 });
  };
  useListCommands({ order, active, activate, selection, setSelection, peek, peeked });

  const selected = rows.filter((row) => selection.ids.has(row.id));
  return (
    <div className="relative flex min-h-0 flex-1">
      <div className="relative flex min-w-0 flex-1 flex-col">
        <Suspense>
          <ListStatus runs={runs} paused={paused} onShow={toTop} />
        </Suspense>
        {runs.problem && <ProblemCard className="m-4" error={runs.problem} retry={runs.reload} />}
        {!runs.list && !runs.problem && <SkeletonRows rows={8} />}
        {runs.list && rows.length === 0 && (
          <Suspense>
            <NoRuns filtered={isFiltered(filters)} archived={filters.archived === true} />
          </Suspense>
        )}
        <RunGrid
          scroller={scroller}
          rows={rows}
          shown={shown}
          active={active}
          onActivate={activate}
          onPeek={peek}
          selection={selection}
          onSelect={setSelection}
          showOwner={props.showOwner}
          hasMore={Boolean(next)}
          isLoadingMore={runs.isLoadingMore}
          onMore={loadMore}
        />
        <Suspense>
          {selected.length > 0 && (
            <BulkBar selected={selected} onClear={() => setSelection(NOTHING)} />
          )}
        </Suspense>
      </div>
      <Suspense>
        {peeked !== undefined && (
          <Peek
            run={peeked}
            row={rows.find((row) => row.id === peeked)}
            onClose={() => peek(undefined)}
          />
        )}
      </Suspense>
    </div>
  );
}

/** Remembers how far the list was scrolled, and goes there when it is shown again. */
function usePlace(
  key: string,
  scroller: React.RefObject<HTMLDivElement | null>,
  isFilled: boolean,
): void {
  useEffect(() => {
    const element = scroller.current;
    if (!element || !isFilled) return;
    element.scrollTop = places.get(key) ?? 0;
    const note = () => places.set(key, element.scrollTop);
    element.addEventListener("scroll", note, { passive: true });
    return () => element.removeEventListener("scroll", note);
  }, [key, scroller, isFilled]);
}
