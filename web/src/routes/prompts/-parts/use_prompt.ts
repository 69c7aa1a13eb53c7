import { queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";

/** A version of a template; the newest by default. */
export function promptQuery(prompt: string, version?: number) {
  const name = version === undefined ? prompt : `${prompt}@${version}`;
  return queryOptions({
    queryKey: ["prompt", name],
    queryFn: () =>
      call(api.GET("/api/v1/prompts/{prompt}", { params: { path: { prompt: name } } })),
    staleTime: version === undefined ? 2_000 : Number.POSITIVE_INFINITY,
  });
}
