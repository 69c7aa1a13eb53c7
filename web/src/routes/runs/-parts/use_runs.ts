import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { daemonNow } from "@/api/daemon_clock";
import { followTopic } from "@/api/live";
import { Problem } from "@/api/problem";
import { queryOf, type RunFilters, topicOf } from "../-filters";
import {
  ARCHIVED_FIRST,
  fetchArchived,
  fetchPage,
  fetchRow,
  OLDER,
  takeFirstPage,
} from "./fetch_runs";
import {
  addPage,
  findMissing,
  mergeNewest,
  mergeOlder,
  type Page,
  type RunRows,
  removeRow,
  replaceRow,
  rowsOf,
  showArrived,
} from "./rows";

/** Rows that left their page and are asked for one by one, at most. */
const MOST_MISSING = 20;
const MOST_OLDER_TOPICS = 3;

export interface Runs {
  list: RunRows | undefined;
  problem: Problem | null;
  isLoadingMore: boolean;
  loadMore: () => void;
  showArrived: () => void;
  reload: () => void;
}

/** The runs that match, kept up to date.
 *
 * `hold`: new runs wait; `paused`: nothing changes; `visible`: ids of the rows on the screen. */
export function useRuns(
  filters: RunFilters,
  how: { hold: boolean; paused: boolean; visible: readonly string[] },
): Runs {
  const queries = useQueryClient();
  const key = useMemo(() => ["runs", filters], [filters]);
  // An age becomes a time once, so that page, topic and cursors speak of the same runs.
  const query = useMemo(() => queryOf(filters, daemonNow()), [filters]);
  const archived = filters.archived === true;
  const found = useQuery({
    queryKey: key,
    queryFn: () =>
      archived
        ? fetchArchived(filters, ARCHIVED_FIRST)
        : takeFirstPage(query).then((page) => rowsOf(page)),
    staleTime: archived ? 10_000 : Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });
  const change = useCallback(
    (merge: (list: RunRows) => RunRows) =>
      queries.setQueryData<RunRows>(key, (list) => list && merge(list)),
    [queries, key],
  );

  const checkMissing = useCallback(
    (page: Page, cursor?: string) => {
      const list = queries.getQueryData<RunRows>(key);
      for (const row of list ? findMissing(list, page, cursor).slice(0, MOST_MISSING) : []) {
        void fetchRow(row, filters.state).then(
          (newer) => change((now) => (newer ? replaceRow(now, newer) : removeRow(now, row.id))),
          (error) => {
            if (Problem.of(error).status === 404) change((now) => removeRow(now, row.id));
          },
        );
      }
    },
    [queries, key, filters.state, change],
  );

  const held = useRef<Page | null>(null);
  const { hold, paused } = how;
  const takeNewest = (page: Page) => {
    if (paused) {
      held.current = page;
      change((list) => ({ ...mergeNewest(list, page, true), rows: list.rows }));
      return;
    }
    checkMissing(page);
    change((list) => mergeNewest(list, page, hold));
  };
  useFollowed(archived || !found.data ? null : topicOf(query), takeNewest);

  // What was held back while paused.
  useEffect(() => {
    if (paused || !held.current) return;
    const page = held.current;
    held.current = null;
    change((list) => mergeNewest(list, page, hold));
  }, [paused, hold, change]);

  const cursors = paused ? "" : findOpenCursors(found.data, how.visible);
  useEffect(() => {
    const leaves = cursors.split("\n").map((cursor) => {
      if (!cursor) return () => {};
      return followTopic(topicOf(query, { limit: OLDER, cursor }), ({ event, data }) => {
        if (event !== "rows") return;
        checkMissing(data as Page, cursor);
        change((list) => mergeOlder(list, data as Page));
      });
    });
    return () => {
      for (const leave of leaves) leave();
    };
  }, [cursors, query, change, checkMissing]);

  const more = useLoadMore(found.data, async (cursor) => {
    if (archived) {
      const longer = await fetchArchived(filters, Number(cursor));
      change(() => longer);
    } else {
      const page = await fetchPage(query, cursor);
      change((list) => (list.next === cursor ? addPage(list, cursor, page) : list));
    }
  });

  return {
    list: found.data,
    problem: found.error ? Problem.of(found.error) : more.problem,
    isLoadingMore: more.isLoading,
    loadMore: more.load,
    showArrived: () => {
      if (found.data?.gap) void found.refetch();
      else change(showArrived);
    },
    reload: () => void found.refetch(),
  };
}

/** Follows the newest page. */
function useFollowed(topic: string | null, onPage: (page: Page) => void): void {
  const newest = useRef(onPage);
  newest.current = onPage;
  useEffect(() => {
    if (topic === null) return;
    return followTopic(topic, ({ event, data }) => {
      if (event === "rows") newest.current(data as Page);
    });
  }, [topic]);
}

/** The older pages with open runs on the screen, as one text that changes only when they do. */
function findOpenCursors(list: RunRows | undefined, visible: readonly string[]): string {
  if (!list || list.pageOf.size === 0) return "";
  const shown = new Set(visible);
  const cursors = new Set<string>();
  for (const row of list.rows) {
    if (row.ended != null || !shown.has(row.id)) continue;
    const cursor = list.pageOf.get(row.id);
    if (cursor) cursors.add(cursor);
  }
  return [...cursors].slice(0, MOST_OLDER_TOPICS).join("\n");
}

function useLoadMore(list: RunRows | undefined, load: (cursor: string) => Promise<void>) {
  const [isLoading, setLoading] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const cursor = list?.next;
  return {
    isLoading,
    problem,
    load: () => {
      if (!cursor || isLoading) return;
      setLoading(true);
      setProblem(null);
      load(cursor)
        .catch((error: unknown) => setProblem(Problem.of(error)))
        .finally(() => setLoading(false));
    },
  };
}
