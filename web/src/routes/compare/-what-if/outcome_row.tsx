import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { formatCount, formatMoney, formatSeconds } from "@/parts/figures";
import { LongText } from "@/parts/json_view";
import { StateBadge } from "@/parts/state_badge";
import { cn } from "@/ui/cn";
import { TextDiff } from "../-parts/text_diff";
import type { Outcome } from "./types";

const SHOWN = 300;

/** What came of a run: a line that opens. `was`: what the answer is compared with. */
export function OutcomeRow(props: {
  outcome: Outcome;
  lead: ReactNode;
  was?: Outcome;
  links?: ReactNode;
}) {
  const { outcome } = props;
  const [open, setOpen] = useState(false);
  return (
    <li>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="grid w-full grid-cols-[1rem_1fr_auto] items-center gap-x-3 gap-y-0.5 px-4 py-2 text-left hover:bg-sunken lg:grid-cols-[1rem_11rem_1fr_auto] dark:hover:bg-raised"
      >
        <ChevronRight
          aria-hidden
          className={cn("size-3.5 text-muted transition-[rotate]", open && "rotate-90")}
        />
        <span className="min-w-0">{props.lead}</span>
        <span className="order-last col-span-3 min-w-0 truncate pl-7 lg:order-none lg:col-span-1 lg:pl-0">
          {answerOf(outcome).slice(0, SHOWN) || <span className="text-muted">no answer</span>}
        </span>
        <span className="flex items-center justify-end gap-3 text-muted text-xs">
          <span className="hidden md:inline">
            {outcome.turns} {outcome.turns === 1 ? "turn" : "turns"}
          </span>
          <span className="hidden lg:inline">{formatCount(outcome.tokens)} tokens</span>
          <span className="min-w-12 text-right">{formatMoney(outcome.cost_micros)}</span>
          <span className="min-w-14 text-right">{formatSeconds(outcome.seconds)}</span>
        </span>
      </button>
      {open && (
        <div className="flex flex-col gap-2 px-4 pt-2 pb-3 sm:pl-11">
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-muted text-xs">
            <StateBadge state={outcome.state} />
            <span className="break-all font-mono">{outcome.model}</span>
            {countCalls(outcome).map((each) => (
              <span key={each}>{each}</span>
            ))}
          </p>
          {(outcome.error ?? outcome.reason) && (
            <p className="break-words text-bad text-xs">
              {outcome.error?.message ?? outcome.reason}
            </p>
          )}
          {props.was ? (
            <TextDiff before={answerOf(props.was)} after={answerOf(outcome)} />
          ) : (
            <LongText text={answerOf(outcome)} />
          )}
          {props.links}
        </div>
      )}
    </li>
  );
}

function countCalls(outcome: Outcome): string[] {
  const counts = new Map<string, number>();
  for (const { how } of outcome.calls) counts.set(how, (counts.get(how) ?? 0) + 1);
  return [...counts].map(([how, count]) => `${count} ${count === 1 ? "call" : "calls"} ${how}`);
}

function answerOf(outcome: Outcome): string {
  if (outcome.data !== undefined && outcome.data !== null)
    return JSON.stringify(outcome.data, null, 2);
  return outcome.output;
}
