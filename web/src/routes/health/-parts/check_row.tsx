import { CircleCheck, CircleDashed, CircleX, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Badge, type Tone } from "@/parts/desk/badge";
import { CopyButton } from "@/parts/desk/copy_button";
import type { Check, Level } from "../-checks";

export const LEVELS: Record<Level, { icon: typeof CircleCheck; tone: Tone }> = {
  fine: { icon: CircleCheck, tone: "good" },
  unknown: { icon: CircleDashed, tone: "quiet" },
  warn: { icon: TriangleAlert, tone: "warn" },
  bad: { icon: CircleX, tone: "bad" },
};

/** How a part is, and what to do if it is not well. */
export function CheckRow(props: { check: Check; title?: ReactNode; more?: ReactNode }) {
  const { check } = props;
  const { icon, tone } = LEVELS[check.level];
  return (
    <li className="px-4 py-2.5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <span className="min-w-0 flex-1 truncate font-medium">{props.title ?? check.name}</span>
        {props.more && <span className="min-w-0 truncate text-muted text-xs">{props.more}</span>}
        <Badge icon={icon} tone={tone} className="w-32 justify-start">
          {check.word}
        </Badge>
      </div>
      {(check.advice || check.command) && (
        <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1.5 text-muted">
          {check.advice && <p className="min-w-0 basis-full text-sm">{check.advice}</p>}
          {check.command && (
            <>
              <code className="rounded-sm bg-sunken px-2 py-1 font-mono text-ink text-xs">
                {check.command}
              </code>
              <CopyButton text={check.command} />
            </>
          )}
        </div>
      )}
    </li>
  );
}
