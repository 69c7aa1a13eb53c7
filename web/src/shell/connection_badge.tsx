import { Cloud, CloudOff, KeyRound, RefreshCw } from "lucide-react";
import { type Status, useLiveStatus } from "@/api/live";
import { cn } from "@/ui/cn";
import { useIsOffline } from "./offline";

const LOOKS: Record<Status | "offline", { text: string; Icon: typeof Cloud; tone: string }> = {
  connecting: { text: "Connecting", Icon: RefreshCw, tone: "text-muted" },
  online: { text: "Online", Icon: Cloud, tone: "text-muted" },
  reconnecting: { text: "Reconnecting", Icon: RefreshCw, tone: "text-warn" },
  offline: { text: "Offline", Icon: CloudOff, tone: "text-warn" },
  signed_out: { text: "Signed out", Icon: KeyRound, tone: "text-bad" },
};

/** Whether the page hears of what happens. */
export function ConnectionBadge() {
  const status = useLiveStatus();
  const { text, Icon, tone } = LOOKS[useIsOffline() ? "offline" : status];
  return (
    <span role="status" className={cn("inline-flex items-center gap-1.5 text-xs", tone)}>
      <Icon aria-hidden className="size-3.5" />
      {text}
    </span>
  );
}
