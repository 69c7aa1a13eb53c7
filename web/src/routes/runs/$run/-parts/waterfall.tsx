import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useMemo, useRef } from "react";
import { partsOf, type Timed } from "@/events/spans";
import type { Scale } from "@/events/squeeze";
import { attemptsOf, costOf } from "@/events/steps";
import { type Attempt, attemptsFor, attemptsQuery } from "@/parts/attempts";
import { formatMoney, formatSeconds } from "@/parts/figures";
import { cn } from "@/ui/cn";
import { useRunView } from "../-view";
import { BARS } from "./bars";
import { lookOf } from "./step_look";

const ROW_PX = 28;
const TICKS = 4;
const COLUMNS =
  "grid grid-cols-[minmax(6rem,0.6fr)_1fr_4rem] gap-3 md:grid-cols-[minmax(8rem,0.35fr)_1fr_4.5rem_4rem]";

/** Each step as a bar on the run's time; only those in sight are in the document. */
export function Waterfall(props: {
  steps: readonly Timed[];
  scale: Scale;
  from: number;
  to: number;
  /** Show only the time of the steps in sight. */
  fit: boolean;
}) {
  const { steps, scale } = props;
  const { run, selected, select } = useRunView();
  const scroller = useRef<HTMLElement>(null);
  const rows = useVirtualizer({
    count: steps.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  const shown = rows.getVirtualItems();
  const { from, to } = props.fit ? rangeOf(steps, shown, props.to) : props;
  const retried = shown.some((row) => attemptsOfTimed(steps[row.index]) > 1);
  const attempts = useQuery({ ...attemptsQuery(run), enabled: retried });
  const at = useMemo(
    () => (selected === undefined ? -1 : steps.findIndex((step) => step.key === selected)),
    [steps, selected],
  );
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at, { align: "auto" });
  }, [at, rows]);
  return (
    <section
      ref={scroller}
      aria-label="Time of each step"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      className="min-h-0 flex-1 overflow-auto -outline-offset-2"
    >
      <Axis scale={scale} from={from} to={to} start={props.from} />
      <ol className="relative" style={{ height: rows.getTotalSize() }}>
        {shown.map((row) => {
          const step = steps[row.index];
          return (
            step && (
              <li
                key={step.key}
                className="absolute inset-x-0"
                style={{ height: ROW_PX, transform: `translateY(${row.start}px)` }}
              >
                <Bar
                  step={step}
                  version={step.version}
                  scale={scale}
                  from={from}
                  to={to}
                  end={step.ended === undefined ? props.to : 0}
                  selected={row.index === at}
                  attempts={attempts.data}
                  onSelect={select}
                />
              </li>
            )
          );
        })}
      </ol>
    </section>
  );
}

function attemptsOfTimed(step: Timed | undefined): number {
  return step ? Math.max(attemptsOf(step), "retries" in step ? step.retries.length + 1 : 0) : 0;
}

function rangeOf(
  steps: readonly Timed[],
  shown: readonly { index: number }[],
  now: number,
): { from: number; to: number } {
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const { index } of shown) {
    const step = steps[index];
    for (const part of step ? partsOf(step, now) : []) {
      from = Math.min(from, part.from);
      to = Math.max(to, part.to);
    }
  }
  return to > from ? { from, to } : { from: now - 1, to: now };
}

function Axis(props: { scale: Scale; from: number; to: number; start: number }) {
  const { scale } = props;
  const first = scale.place(props.from);
  const step = (scale.place(props.to) - first) / TICKS;
  return (
    <div
      aria-hidden
      className={cn(
        COLUMNS,
        "sticky top-0 z-10 border-b bg-canvas px-4 py-1 text-[0.6875rem] text-muted sm:px-6",
      )}
    >
      <span>Step</span>
      <span className="relative flex h-4 justify-between">
        {Array.from({ length: TICKS + 1 }, (_, tick) => scale.at(first + tick * step)).map(
          (at, tick) => (
            <span
              key={at}
              className="-translate-x-1/2 absolute whitespace-nowrap first:translate-x-0 last:-translate-x-full max-md:[&:not(:first-child):not(:last-child)]:hidden"
              style={{ left: `${(100 * tick) / TICKS}%` }}
            >
              {formatSeconds(Math.max(0, at - props.start))}
            </span>
          ),
        )}
      </span>
      <span className="text-right">Time</span>
      <span className="hidden text-right md:block">Cost</span>
    </div>
  );
}

const Bar = memo(function Bar(props: {
  step: Timed;
  version: number;
  scale: Scale;
  from: number;
  to: number;
  /** Until when it goes on, if it has not ended. */
  end: number;
  selected: boolean;
  attempts: readonly Attempt[] | undefined;
  onSelect: (key: string) => void;
}) {
  const { step, scale, from, to } = props;
  const look = lookOf(step);
  const parts = partsOf(step, props.end || to);
  const first = scale.place(from);
  const whole = scale.place(to) - first || 1;
  const percent = (at: number) => (100 * (scale.place(at) - first)) / whole;
  const across = (part: { from: number; to: number }) => ({
    left: `${percent(part.from)}%`,
    width: `${percent(part.to) - percent(part.from)}%`,
  });
  const seconds = parts.reduce((sum, part) => sum + part.to - part.from, 0);
  const failed =
    step.kind === "model" || step.kind === "tool" ? attemptsFor(step, props.attempts ?? []) : [];
  const isFailed = (step.kind === "model" || step.kind === "tool") && step.state === "failed";
  return (
    <button
      type="button"
      aria-pressed={props.selected}
      onClick={() => props.onSelect(step.key)}
      className={cn(
        COLUMNS,
        "h-full w-full items-center border-l-2 px-3.5 text-left text-xs hover:bg-surface sm:px-5.5",
        props.selected ? "border-l-ink bg-surface" : "border-l-transparent",
        step.left && "text-muted line-through",
      )}
    >
      <span className={cn("flex min-w-0 items-center gap-1.5", step.kind === "tool" && "pl-3")}>
        <look.Icon aria-hidden className={cn("size-3.5 shrink-0", look.tone)} />
        <span className={cn("truncate", look.code && "font-mono")}>{look.title}</span>
        <span className="sr-only">, turn {step.turn},</span>
      </span>
      <span className="relative h-4 overflow-hidden rounded-xs">
        {parts.map((part) => (
          <span
            key={`${part.kind} ${part.from}`}
            className={cn(
              "absolute top-0.5 h-3 min-w-0.5 rounded-xs",
              part.kind === "run" ? (isFailed ? BARS.failed : runBar(step)) : BARS[part.kind],
            )}
            style={across(part)}
          />
        ))}
        {failed.map((each) => (
          <span
            key={`${each.activity} ${each.attempt}`}
            title={`Attempt ${each.attempt} failed: ${each.message}`}
            className="absolute top-0.5 h-3 min-w-0.75 bg-bad"
            style={across({ from: each.started, to: each.ended })}
          />
        ))}
      </span>
      <span className="text-right text-muted">{formatSeconds(seconds)}</span>
      <span className="hidden text-right text-muted md:block">
        {costOf(step) > 0 && formatMoney(costOf(step))}
      </span>
    </button>
  );
});

function runBar(step: Timed): string {
  return step.kind === "model" ? BARS.model : BARS.tool;
}
