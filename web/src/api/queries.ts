/** What several views read. A view that alone needs something keeps its query beside itself. */
import { queryOptions } from "@tanstack/react-query";
import { api, call } from "./client";
import { Problem } from "./problem";
import { session } from "./session";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async () => {
    try {
      const me = await call(api.GET("/api/v1/me"));
      session.note(me.user);
      return me;
    } catch (error) {
      if (Problem.of(error).kind === "signed_out") session.noteSignedOut();
      throw error;
    }
  },
  staleTime: 60_000,
});

export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: async () => (await call(api.GET("/api/v1/agents"))).agents,
  staleTime: 10_000,
});

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: async () => (await call(api.GET("/api/v1/models"))).models,
  staleTime: 60_000,
});

export function runQuery(run: string) {
  return queryOptions({
    queryKey: ["run", run],
    queryFn: () => call(api.GET("/api/v1/runs/{run}", { params: { path: { run } } })),
  });
}

export function pendingQuery(run: string) {
  return queryOptions({
    queryKey: ["run", run, "pending"],
    queryFn: async () =>
      (await call(api.GET("/api/v1/runs/{run}/pending", { params: { path: { run } } }))).pending,
  });
}
