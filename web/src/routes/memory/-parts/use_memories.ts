import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";

const PAGE = 50;
/** Runs write memories at any time, and no topic says so. */
const AGAIN_MS = 15_000;

/** The memories that hold now: the newest first or, with words, the best first. */
export function useMemories(find: string | undefined) {
  return useInfiniteQuery({
    queryKey: ["memories", "list", find ?? ""],
    queryFn: ({ pageParam }) =>
      call(
        api.GET("/api/v1/memories", {
          params: {
            query: {
              limit: PAGE,
              ...(find ? { q: find } : {}),
              ...(pageParam ? { before: pageParam } : {}),
            },
          },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page: Schemas["MemoryList"]) => page.next ?? undefined,
    refetchInterval: AGAIN_MS,
  });
}

/** Reads everything about memories again. */
export function useReread(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ["memories"] });
}
