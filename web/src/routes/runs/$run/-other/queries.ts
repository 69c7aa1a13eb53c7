/** What a run did to the world, what undoing it would do, and what the archive has of it. */
import { queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";

/** A body as JSON: the same routes also answer in other formats, if asked for. */
async function json<T>(asked: Promise<T>): Promise<Exclude<T, string>> {
  return (await asked) as Exclude<T, string>;
}

export function effectsQuery(run: string) {
  return queryOptions({
    queryKey: ["run", run, "effects"],
    queryFn: async () =>
      (await call(api.GET("/api/v1/runs/{run}/effects", { params: { path: { run } } }))).effects,
  });
}

/** Of each run, its preview in progress: a second one at the same time would be refused. */
const previews = new Map<string, Promise<unknown>>();

export function previewQuery(run: string, toTurn: number | null, past: readonly string[]) {
  return queryOptions({
    queryKey: ["run", run, "undo-preview", toTurn, ...past],
    queryFn: async ({ signal }) => {
      while (previews.has(run)) await previews.get(run);
      signal.throwIfAborted(); // another choice was made meanwhile
      const asked = json(
        call(
          api.POST("/api/v1/runs/{run}/undo", {
            params: { path: { run } },
            body: { to_turn: toTurn, dry_run: true, past: [...past] },
          }),
        ),
      );
      const settled = asked.catch(() => undefined).finally(() => previews.delete(run));
      previews.set(run, settled);
      return asked;
    },
    gcTime: 0,
    retry: false,
  });
}

/** Who started the run's undos, the newest first. */
export function undosQuery(run: string) {
  return queryOptions({
    queryKey: ["run", run, "undos"],
    queryFn: async () =>
      (
        await json(
          call(
            api.GET("/api/v1/activity", { params: { query: { run, kind: "undo", limit: 10 } } }),
          ),
        )
      ).activity,
  });
}

export function pinnedQuery(run: string) {
  return queryOptions({
    queryKey: ["run", run, "spec"],
    queryFn: () => call(api.GET("/api/v1/runs/{run}/spec", { params: { path: { run } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function verifyQuery(run: string, token = "") {
  return queryOptions({
    queryKey: ["run", run, "verify", token],
    queryFn: () =>
      call(
        api.GET("/api/v1/runs/{run}/verify", {
          params: { path: { run }, query: token ? { token } : {} },
        }),
      ),
    retry: false,
    staleTime: 60_000,
  });
}

export function familyQuery(run: string) {
  return queryOptions({
    queryKey: ["run", run, "family"],
    queryFn: () => call(api.GET("/api/v1/runs/{run}/family", { params: { path: { run } } })),
    gcTime: 0,
  });
}
