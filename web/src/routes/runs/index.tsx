import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { api, call, type Schemas } from "@/api/client";
import { useTopic } from "@/api/live";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { View } from "@/parts/view";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { SkeletonRows } from "@/ui/skeleton";
import { type RunFilters, readFilters, STATES, topicOf } from "./-filters";
import { RunTable } from "./-parts/run_table";

export const Route = createFileRoute("/runs/")({
  validateSearch: readFilters,
  component: Runs,
});

type Page = Schemas["RunList"];

function Runs() {
  const filters = Route.useSearch();
  const pages = useRuns(filters);
  const rows = pages.data?.pages.flatMap((page) => page.runs) ?? [];
  return (
    <View title="Runs" lead={<StateFilter chosen={filters.state} />}>
      {pages.error && (
        <ProblemCard className="m-4" error={pages.error} retry={() => void pages.refetch()} />
      )}
      {pages.isPending && <SkeletonRows rows={8} />}
      {pages.data && rows.length === 0 && <NoRuns filtered={Object.keys(filters).length > 0} />}
      {rows.length > 0 && <RunTable rows={rows} />}
      {pages.hasNextPage && (
        <div className="p-4">
          <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Show older runs
          </Button>
        </div>
      )}
    </View>
  );
}

/** The runs that match; the newest page is kept up to date by the daemon. */
function useRuns(filters: RunFilters) {
  const key = ["runs", filters];
  const queries = useQueryClient();
  const pages = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) =>
      call(
        api.GET("/api/v1/runs", {
          params: { query: { ...filters, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: Page) => page.next ?? undefined,
    staleTime: 30_000,
  });
  useTopic(topicOf(filters), ({ event, data }) => {
    if (event !== "rows") return;
    const newest = data as Page;
    queries.setQueryData<typeof pages.data>(key, (known) => {
      if (!known) return { pages: [newest], pageParams: [""] };
      const ids = new Set(newest.runs.map((row) => row.id));
      const older = known.pages
        .slice(1)
        .map((page) => ({ ...page, runs: page.runs.filter((row) => !ids.has(row.id)) }));
      return { ...known, pages: [newest, ...older] };
    });
  });
  return pages;
}

function StateFilter(props: { chosen: RunFilters["state"] }) {
  return (
    <nav aria-label="State" className="flex flex-wrap gap-1">
      {[undefined, ...STATES].map((state) => (
        <Link
          key={state ?? "all"}
          to="/runs"
          search={({ state: _, ...rest }) => (state ? { ...rest, state } : rest)}
          aria-current={props.chosen === state ? "true" : undefined}
          className={cn(
            "rounded-md px-2.5 py-1 text-muted text-xs hover:bg-sunken hover:text-ink",
            props.chosen === state && "bg-sunken font-medium text-ink dark:bg-raised",
          )}
        >
          {state ?? "all"}
        </Link>
      ))}
    </nav>
  );
}

function NoRuns(props: { filtered: boolean }) {
  if (props.filtered) {
    return (
      <EmptyState
        title="No run matches"
        action={
          <Link to="/runs" className="text-info underline">
            Remove the filters
          </Link>
        }
      />
    );
  }
  return (
    <EmptyState title="No runs yet">
      Start one with <code className="font-mono">harness run</code>; it appears here as it begins.
    </EmptyState>
  );
}
