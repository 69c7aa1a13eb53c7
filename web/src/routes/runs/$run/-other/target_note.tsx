import { Check, CircleHelp, TriangleAlert } from "lucide-react";
import { cn } from "@/ui/cn";
import { describeTarget } from "./undo_plan";

const LOOKS = {
  changed: { Icon: TriangleAlert, tone: "text-bad" },
  unchanged: { Icon: Check, tone: "text-good" },
  unknown: { Icon: CircleHelp, tone: "text-warn" },
} as const;

/** Whether what an effect changed has been changed again since, and how that is known. */
export function TargetNote(props: { changed: boolean | null | undefined; why: string }) {
  const target = describeTarget(props.changed, props.why);
  const { Icon, tone } = LOOKS[target.state];
  return (
    <p className="mt-1 flex items-start gap-1.5 pl-6 text-xs">
      <Icon aria-hidden className={cn("mt-0.5 size-3.5 shrink-0", tone)} />
      <span className="min-w-0 break-words">
        <span className={tone}>{target.word}</span>: {target.why}
      </span>
    </p>
  );
}
