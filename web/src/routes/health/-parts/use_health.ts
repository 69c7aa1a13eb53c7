import { useQuery } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import { root } from "@/api/root";

const EVERY_MS = 5_000;
const SLOWLY_MS = 30_000;
const MOST_RUNS = 25;

/** Whether the daemon answers, and what it needs; an answer 503 says it too. */
export function useReady() {
  return useQuery({
    queryKey: ["health", "ready"],
    queryFn: async () => {
      const answer = await fetch(`${root}/health/ready`, {
        headers: { Accept: "application/json" },
      });
      return (await answer.json()) as Schemas["Ready"];
    },
    refetchInterval: EVERY_MS,
    retry: false,
    staleTime: 0,
  });
}

interface StuckRun {
  run: string;
  agent: string;
  served: boolean;
  trouble: string | undefined;
}

/** Which of the newest running runs do not go on. */
export function useStuckRuns() {
  return useQuery({
    queryKey: ["health", "stuck"],
    queryFn: async (): Promise<{ looked: number; stuck: readonly StuckRun[] }> => {
      const query = { state: "running" as const, limit: MOST_RUNS };
      const { runs } = await call(api.GET("/api/v1/runs", { params: { query } }));
      const found = await Promise.all(runs.map(lookAt));
      return { looked: runs.length, stuck: found.filter((each) => each !== undefined) };
    },
    refetchInterval: SLOWLY_MS,
    retry: false,
  });
}

async function lookAt(row: Schemas["RunRow"]): Promise<StuckRun | undefined> {
  const params = { path: { run: row.id } };
  const service = await call(api.GET("/api/v1/runs/{run}/service", { params })).catch(() => null);
  if (!service || (service.served && !service.trouble)) return undefined;
  return {
    run: row.id,
    agent: row.agent,
    served: service.served,
    trouble: service.trouble ?? undefined,
  };
}

export function useVersion() {
  return useQuery({
    queryKey: ["version"],
    queryFn: async () => (await call(api.GET("/api/v1/version"))).version,
    refetchInterval: SLOWLY_MS,
  });
}

export function useArchive(admin: boolean) {
  return useQuery({
    queryKey: ["health", "archive"],
    queryFn: () => call(api.GET("/api/v1/archive")),
    enabled: admin,
    refetchInterval: EVERY_MS * 2,
  });
}
