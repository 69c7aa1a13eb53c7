import { queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { Problem } from "@/api/problem";

/** The agent as a run pinned it; null if it is not known any more. It never changes. */
export function pinnedAgentQuery(run: string) {
  return queryOptions({
    queryKey: ["run", run, "spec"],
    queryFn: async () => {
      try {
        return await call(api.GET("/api/v1/runs/{run}/spec", { params: { path: { run } } }));
      } catch (error) {
        // Without it there is no form, but JSON text still works.
        if (Problem.of(error).kind === "request") return null;
        throw error;
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
