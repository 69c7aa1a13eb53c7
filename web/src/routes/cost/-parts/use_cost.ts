import { useQuery } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { daemonNow } from "@/api/daemon_clock";
import { type CostSearch, type Group, queryOf } from "../-cost";

/** Calls are booked as they end, and no topic says so. */
const AGAIN_MS = 15_000;
const MOST = 200;

/** What model calls used, by one dimension. */
export function useSpending(search: CostSearch, by: Group) {
  const query = queryOf(search, daemonNow());
  return useQuery({
    queryKey: ["cost", by, query],
    queryFn: () =>
      call(api.GET("/api/v1/cost", { params: { query: { by: [by], ...query, limit: MOST } } })),
    placeholderData: (before) => before,
    refetchInterval: AGAIN_MS,
  });
}

/** What a run of an agent is likely to use. */
export function useForecast(agent: string | undefined) {
  return useQuery({
    queryKey: ["cost", "forecast", agent],
    queryFn: () =>
      call(api.GET("/api/v1/cost/forecast", { params: { query: { agent: agent ?? "" } } })),
    enabled: agent !== undefined,
    staleTime: 60_000,
  });
}
