import {
  CircleCheck,
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleSlash,
  CircleX,
  Hourglass,
} from "lucide-react";
import type { RunState } from "@/events/types";
import { cn } from "@/ui/cn";

const LOOKS = {
  pending: { Icon: CircleDashed, tone: "text-muted" },
  running: { Icon: CircleDot, tone: "text-info" },
  waiting: { Icon: Hourglass, tone: "text-warn" },
  paused: { Icon: CirclePause, tone: "text-muted" },
  completed: { Icon: CircleCheck, tone: "text-good" },
  failed: { Icon: CircleX, tone: "text-bad" },
  aborted: { Icon: CircleSlash, tone: "text-muted" },
} as const;

/** A run's state: an icon and a word, so that colour is never alone. */
export function StateBadge(props: { state: RunState; className?: string }) {
  const { Icon, tone } = LOOKS[props.state];
  return (
    <span
      className={cn("inline-flex items-center gap-1.5 font-medium text-xs", tone, props.className)}
    >
      <Icon
        aria-hidden
        className={cn("size-3.5", props.state === "running" && "animate-pulse-soft")}
      />
      {props.state}
    </span>
  );
}
