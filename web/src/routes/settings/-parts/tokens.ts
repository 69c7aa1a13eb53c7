import { queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";

/** API tokens: one's own, or those of a user. */
export function tokensQuery(user: string | null) {
  return queryOptions({
    queryKey: ["tokens", user],
    queryFn: async () =>
      (await call(api.GET("/api/v1/tokens", { params: { query: user ? { user } : {} } }))).tokens,
  });
}

export const sessionsQuery = queryOptions({
  queryKey: ["tokens", "sessions"],
  queryFn: () => call(api.GET("/api/v1/browser-sessions")),
});
