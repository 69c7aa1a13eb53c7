import { useInfiniteQuery } from "@tanstack/react-query";
import { createFileRoute, Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useEffect, useRef } from "react";
import { addressOf, api, call, type Schemas } from "@/api/client";
import { daemonNow } from "@/api/daemon_clock";
import { useCommands } from "@/parts/commands";
import { Column, Rows } from "@/parts/desk/section";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { useClock } from "@/parts/time_zone";
import { View } from "@/parts/view";
import { Button, buttonLook } from "@/ui/button";
import { SkeletonRows } from "@/ui/skeleton";
import { type ActivitySearch, foldWhatIfs, groupByDay, queryOf, readSearch } from "./-acts";
import { ActRow } from "./-parts/act_row";
import { ActivityFilters } from "./-parts/activity_filters";

export const Route = createFileRoute("/activity/")({
  validateSearch: readSearch,
  component: ActivityView,
});

type Page = Schemas["ActivityPage"];

function ActivityView() {
  const { zone } = useClock();
  const search = Route.useSearch();
  const pages = useActivity(search);
  const acts = pages.data?.pages.flatMap((page) => page.activity) ?? [];
  const incomplete = pages.data?.pages.some((page) => page.incomplete);
  const csv = csvAddress(search);
  useCommands([
    {
      id: "activity.csv",
      title: "Download the activity as CSV",
      group: "Activity",
      icon: Download,
      run: () => location.assign(csv),
    },
  ]);
  return (
    <View
      title="Activity"
      actions={
        <>
          <ActivityFilters search={search} />
          <a href={csv} download="activity.csv" className={buttonLook({ size: "sm" })}>
            <Download aria-hidden /> CSV
          </a>
        </>
      }
    >
      <Column className="gap-6">
        {pages.error && <ProblemCard error={pages.error} retry={() => void pages.refetch()} />}
        {incomplete && (
          <p className="rounded-md bg-warn-soft px-4 py-2.5 text-sm">
            More runs are open than one request reads, so acts are missing. Filter by run to see all
            of a run's.
          </p>
        )}
        {pages.isPending && <SkeletonRows rows={8} />}
        {pages.data && acts.length === 0 && !pages.hasNextPage && <Nothing search={search} />}
        {groupByDay(acts, (at) => nameDay(at, zone)).map(({ day, acts: members }) => (
          <section key={day} aria-label={day}>
            <h2 className="mb-2 text-muted text-xs">{day}</h2>
            <div className="overflow-hidden rounded-lg border border-line-soft bg-surface">
              <Rows>
                {foldWhatIfs(members).map(({ act, count }) => (
                  <ActRow key={act.id} act={act} count={count} />
                ))}
              </Rows>
            </div>
          </section>
        ))}
        {pages.hasNextPage && (
          <More busy={pages.isFetchingNextPage} onMore={() => void pages.fetchNextPage()} />
        )}
      </Column>
    </View>
  );
}

function useActivity(search: ActivitySearch) {
  return useInfiniteQuery({
    queryKey: ["activity", search],
    // Typed as text too, because the same route answers as CSV.
    queryFn: async ({ pageParam }): Promise<Page> => {
      const query = {
        ...queryOf(search, daemonNow()),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return (await call(api.GET("/api/v1/activity", { params: { query } }))) as Page;
    },
    initialPageParam: "",
    getNextPageParam: (page: Page) => page.next ?? undefined,
  });
}

function csvAddress(search: ActivitySearch): string {
  const query = new URLSearchParams({ ...queryOf(search, daemonNow()), format: "csv" });
  query.set("limit", "500");
  return addressOf(`/activity?${query}`);
}

function nameDay(at: string, zone: string | undefined): string {
  return new Intl.DateTimeFormat("en-GB", {
    dateStyle: "full",
    ...(zone ? { timeZone: zone } : {}),
  }).format(new Date(at));
}

/** Reads on when it comes into sight; a button too, for keys. */
function More(props: { busy: boolean; onMore: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const newest = useRef(props);
  newest.current = props;
  useEffect(() => {
    if (!place.current) return;
    const watcher = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting && !newest.current.busy) newest.current.onMore();
    });
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, []);
  return (
    <div ref={place} className="flex justify-center">
      <Button size="sm" disabled={props.busy} onClick={props.onMore}>
        {props.busy ? "Reading …" : "Show older"}
      </Button>
    </div>
  );
}

function Nothing({ search }: { search: ActivitySearch }) {
  if (Object.keys(search).length === 0) {
    return (
      <EmptyState title="Nothing has been done yet">
        Who starts, steers, decides and undoes appears here, with links to the runs.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="Nothing matches"
      action={
        <Link to="/activity" className="text-info underline">
          Remove the filters
        </Link>
      }
    />
  );
}
