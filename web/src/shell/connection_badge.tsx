import { Cloud, CloudAlert, CloudOff, KeyRound, RefreshCw } from "lucide-react";
import { type Status, useLiveStatus, useLiveTrouble } from "@/api/live";
import { cn } from "@/ui/cn";
import { useIsOffline } from "./offline";

const LOOKS: Record<
  Status | "offline" | "interrupted",
  { text: string; Icon: typeof Cloud; tone: string }
> = {
  connecting: { text: "Connecting", Icon: RefreshCw, tone: "text-muted" },
  online: { text: "Online", Icon: Cloud, tone: "text-muted" },
  interrupted: { text: "Interrupted", Icon: CloudAlert, tone: "text-warn" },
  reconnecting: { text: "Reconnecting", Icon: RefreshCw, tone: "text-warn" },
  offline: { text: "Offline", Icon: CloudOff, tone: "text-warn" },
  signed_out: { text: "Signed out", Icon: KeyRound, tone: "text-bad" },
};

/** Whether the page hears of what happens. */
export function ConnectionBadge() {
  const status = useLiveStatus();
  const trouble = useLiveTrouble();
  const offline = useIsOffline();
  const shown = trouble && status === "online" ? "interrupted" : status;
  const { text, Icon, tone } = LOOKS[offline ? "offline" : shown];
  return (
    <span
      role="status"
      title={trouble}
      className={cn("inline-flex items-center gap-1.5 text-xs", tone)}
    >
      <Icon aria-hidden className="size-3.5" />
      {text}
    </span>
  );
}

/** Why the page does not hear of everything, where there is room to say it. */
export function ConnectionTrouble() {
  const trouble = useLiveTrouble();
  if (!trouble) return null;
  return <span className="line-clamp-4 break-words text-warn text-xs">{trouble}</span>;
}
