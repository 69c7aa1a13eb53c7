import { CircleEqual, CircleSlash2, CircleX } from "lucide-react";
import { cn } from "@/ui/cn";
import type { ForkOutcome } from "./types";

export const VERDICTS = ["same", "different", "failed"] as const;

const LOOKS = {
  same: { Icon: CircleEqual, tone: "text-good", word: "same answer", words: "same answers" },
  different: {
    Icon: CircleSlash2,
    tone: "text-warn",
    word: "other answer",
    words: "other answers",
  },
  failed: { Icon: CircleX, tone: "text-bad", word: "did not complete", words: "did not complete" },
} as const;

/** How a fork's answer compares with the run's: an icon and words. */
export function VerdictMark(props: { verdict: ForkOutcome["verdict"]; count?: number }) {
  const look = LOOKS[props.verdict];
  const tone = props.count === 0 ? "text-muted" : look.tone;
  return (
    <span className={cn("inline-flex items-center gap-1.5 text-xs", tone)}>
      <look.Icon aria-hidden className="size-3.5" />
      {props.count} {props.count === undefined || props.count === 1 ? look.word : look.words}
    </span>
  );
}
