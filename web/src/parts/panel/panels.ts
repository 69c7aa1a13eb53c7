/** The parts of the page that capabilities contribute: views of their own, and tabs of runs. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";

export type PanelInfo = Schemas["PanelView"];

export const panelsQuery = queryOptions({
  queryKey: ["panels"],
  queryFn: async () => (await call(api.GET("/api/v1/panels"))).panels,
  staleTime: 60_000,
});

/** The panels of a place; none while they are being read, or if they cannot be. */
export function usePanels(place: PanelInfo["place"]): readonly PanelInfo[] {
  const { data } = useQuery(panelsQuery);
  return data?.filter((each) => each.place === place) ?? [];
}

/** The two parts of a panel's id. */
export function splitId(id: string): { capability: string; panel: string } {
  const [capability = "", panel = ""] = id.split("/", 2);
  return { capability, panel };
}
