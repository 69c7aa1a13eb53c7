import { ExternalLink } from "lucide-react";
import { root } from "@/api/root";
import type { Cursor } from "@/events/types";
import { useMay } from "@/shell/roles";
import { cn } from "@/ui/cn";

/** Opens the event in Temporal's page, which the daemon serves to admins. */
export function TemporalLink(props: {
  run: string;
  cursor: Cursor | null | undefined;
  className?: string;
}) {
  const { run, cursor } = props;
  if (!useMay("admin") || !cursor) return null;
  return (
    <a
      href={temporalAddress(run, cursor)}
      target="_blank"
      rel="noopener noreferrer"
      className={cn("inline-flex items-center gap-1.5 text-info hover:underline", props.className)}
    >
      <ExternalLink aria-hidden className="size-3.5" /> Open event {cursor.event_id} in Temporal
    </a>
  );
}

/** An event of a run in Temporal's page. */
export function temporalAddress(run: string, cursor: Cursor): string {
  const workflow = `${encodeURIComponent(run)}/${encodeURIComponent(cursor.run_id)}`;
  return `${root}/temporal/namespaces/default/workflows/${workflow}/history/events/${cursor.event_id}`;
}
