import { queryOptions, useQuery } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { api, call, type Schemas } from "@/api/client";
import { root } from "@/api/root";
import type { Cursor } from "@/events/types";
import { useMay } from "@/parts/roles";
import { cn } from "@/ui/cn";

/** It fails where the daemon serves no page of Temporal's: then nothing is offered. */
const placeQuery = queryOptions({
  queryKey: ["temporal-page"],
  queryFn: () => call(api.GET("/api/v1/temporal-page")),
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

/** Opens the event in Temporal's page, which the daemon serves to admins. */
export function TemporalLink(props: {
  run: string;
  cursor: Cursor | null | undefined;
  className?: string;
}) {
  const { run, cursor } = props;
  const may = useMay("admin");
  const place = useQuery({ ...placeQuery, enabled: may });
  if (!place.data || !cursor) return null;
  return (
    <a
      href={temporalAddress(place.data, run, cursor)}
      target="_blank"
      rel="noopener noreferrer"
      className={cn("inline-flex items-center gap-1.5 text-info hover:underline", props.className)}
    >
      <ExternalLink aria-hidden className="size-3.5" /> Open event {cursor.event_id} in Temporal
    </a>
  );
}

/** An event of a run in Temporal's page. */
function temporalAddress(place: Schemas["TemporalPagePlace"], run: string, cursor: Cursor): string {
  const parts = ["namespaces", place.namespace, "workflows", run, cursor.run_id].map(
    encodeURIComponent,
  );
  return `${root}${place.path}/${parts.join("/")}/history/events/${cursor.event_id}`;
}
