import {
  ChevronRight,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleSlash,
  Hourglass,
  Loader,
} from "lucide-react";
import { memo, useState } from "react";
import { secondsOf, type ToolStep } from "@/events/steps";
import { formatSeconds } from "@/parts/figures";
import { ToolBody } from "@/parts/tool_card";
import { cn } from "@/ui/cn";

const LOOKS = {
  requested: { word: "requested", Icon: CircleDashed, tone: "text-muted" },
  running: { word: "running", Icon: Loader, tone: "text-info" },
  waiting: { word: "waits for a decision", Icon: Hourglass, tone: "text-warn" },
  done: { word: "done", Icon: CircleCheck, tone: "text-good" },
  failed: { word: "failed", Icon: CircleAlert, tone: "text-bad" },
  unrun: { word: "not run", Icon: CircleSlash, tone: "text-muted" },
} as const;

/** A tool call in one line; all of it when opened. */
export const ToolLine = memo(function ToolLine(props: {
  run: string;
  step: ToolStep;
  version: number;
}) {
  const { step } = props;
  const [open, setOpen] = useState(false);
  const { word, Icon, tone } = LOOKS[step.state];
  const seconds = secondsOf(step);
  return (
    <div className="overflow-hidden rounded-md border bg-surface text-sm">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex h-9 w-full items-center gap-2 px-2.5 text-left hover:bg-sunken dark:hover:bg-raised"
      >
        <Icon
          aria-hidden
          className={cn("size-4 shrink-0", tone, step.state === "running" && "animate-turn")}
        />
        <span className="shrink-0 font-medium">{step.name}</span>
        <span className="min-w-0 flex-1 truncate font-mono text-muted text-xs">
          {step.progress && step.state === "running" ? step.progress : shorten(step.arguments)}
        </span>
        <span className={cn("shrink-0 text-xs", tone)}>{word}</span>
        {seconds !== null && (
          <span className="hidden shrink-0 text-muted text-xs sm:inline">
            {formatSeconds(seconds)}
          </span>
        )}
        <ChevronRight
          aria-hidden
          className={cn("size-3.5 shrink-0 text-muted transition-transform", open && "rotate-90")}
        />
      </button>
      {open && (
        <div className="border-t px-3 py-3">
          <ToolBody run={props.run} step={step} />
        </div>
      )}
    </div>
  );
});

const SHOWN = 160;

/** Arguments in one line. */
function shorten(value: ToolStep["arguments"]): string {
  if (typeof value === "string") return value.slice(0, SHOWN);
  return Object.entries(value)
    .map(([name, each]) => `${name}: ${typeof each === "string" ? each : JSON.stringify(each)}`)
    .join("  ")
    .slice(0, SHOWN);
}
