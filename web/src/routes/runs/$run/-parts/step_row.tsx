import { Check, ChevronRight, Link2 } from "lucide-react";
import { memo, useEffect, useRef } from "react";
import { costOf, type Step, secondsOf } from "@/events/steps";
import { useNow } from "@/parts/ago";
import { formatCount, formatMoney, formatSeconds } from "@/parts/figures";
import { ShownPlainly } from "@/parts/shown_plainly";
import { useClock } from "@/parts/time_zone";
import { cn } from "@/ui/cn";
import { useCopied } from "@/ui/use_copied";
import { hasBody, StepBody } from "./step_body";
import { lookOf, marksOf } from "./step_look";

export interface RowProps {
  run: string;
  step: Step;
  /** Raised when the step changes: steps are changed in place. */
  version: number;
  open: boolean;
  selected: boolean;
  /** Shown only because something near it matches a search. */
  dimmed: boolean;
  /** Steps that a search leaves out before this one. */
  hidden: number;
  /** Whether the keyboard goes to it when it is selected. */
  takeFocus: boolean;
  /** Its effect was undone later. */
  undone: boolean;
  /** When the run began. */
  from: number;
  onToggle: (key: string, open: boolean) => void;
}

/** One step: a line that opens. */
export const StepRow = memo(function StepRow(props: RowProps) {
  const { step, selected, takeFocus } = props;
  const opens = hasBody(step);
  const open = props.open && opens;
  const look = lookOf(step);
  const nested = step.kind === "tool";
  const line = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (selected && takeFocus) line.current?.focus({ preventScroll: true });
  }, [selected, takeFocus]);
  return (
    <article
      id={step.key}
      aria-label={`${look.title}, turn ${step.turn}`}
      className={cn(
        "group/row border-l-2 py-1.5 pr-4 pl-3.5 sm:pr-6",
        nested && "sm:pl-9",
        selected ? "border-l-ink bg-surface" : "border-l-transparent",
        (props.dimmed || step.left) && "text-muted",
      )}
    >
      {props.hidden > 0 && (
        <p className="pb-1.5 text-muted text-xs">
          {props.hidden.toLocaleString("en")} steps not shown
        </p>
      )}
      <div className="flex items-center gap-2">
        <button
          ref={line}
          type="button"
          {...(opens ? { "aria-expanded": open } : {})}
          onClick={() => props.onToggle(step.key, !open)}
          className="flex min-h-8 min-w-0 flex-1 flex-wrap items-center gap-x-2 rounded-sm text-left"
        >
          <look.Icon
            aria-hidden
            className={cn(
              "size-4 shrink-0",
              look.tone,
              step.kind === "tool" && step.state === "running" && "animate-turn",
            )}
          />
          <span className={cn("shrink-0 font-medium", look.code && "font-mono text-[0.8125rem]")}>
            {look.title}
          </span>
          <Marks step={step} undone={props.undone} />
          <span
            className={cn("min-w-0 flex-1 truncate text-muted text-xs", look.code && "font-mono")}
          >
            {look.summary}
          </span>
          <ChevronRight
            aria-hidden
            className={cn(
              "size-3.5 shrink-0 text-muted opacity-0 transition-[rotate,opacity] group-hover/row:opacity-100",
              open && "rotate-90",
              selected && "opacity-100",
              !opens && "invisible",
            )}
          />
        </button>
        <Figures step={step} from={props.from} />
        <CopyLink stepKey={step.key} />
      </div>
      {open && (
        <div className="pt-1 pb-2 pl-6">
          <ShownPlainly value={step} version={step.version}>
            <StepBody run={props.run} step={step} version={step.version} />
          </ShownPlainly>
        </div>
      )}
    </article>
  );
});

const TONES = {
  bad: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
  plain: "bg-sunken text-muted",
} as const;

function Marks({ step, undone }: { step: Step; undone: boolean }) {
  const marks = marksOf(step);
  if (undone) marks.push({ text: "undone", tone: "warn" });
  return marks.map((mark) => (
    <span
      key={mark.text}
      className={cn("shrink-0 rounded-sm px-1.5 py-px text-xs", TONES[mark.tone])}
    >
      {mark.text}
    </span>
  ));
}

function Figures({ step, from }: { step: Step; from: number }) {
  const { formatTime } = useClock();
  const seconds = secondsOf(step);
  const cost = costOf(step);
  const cached = step.kind === "model" ? step.usage?.cached : undefined;
  return (
    <span className="flex shrink-0 items-center gap-3 text-muted text-xs">
      {step.kind === "model" && step.usage && (
        <span className="hidden xl:inline">
          {formatCount(step.usage.input)}
          {cached ? ` (${Math.round((100 * cached) / step.usage.input)} % cached)` : ""} →{" "}
          {formatCount(step.usage.output)}
        </span>
      )}
      {cost > 0 && <span className="hidden sm:inline">{formatMoney(cost)}</span>}
      <span className="min-w-14 text-right">
        {seconds !== null ? formatSeconds(seconds) : <Running step={step} />}
      </span>
      <time
        dateTime={new Date(step.at * 1000).toISOString()}
        title={formatTime(step.at)}
        className="hidden w-18 text-right md:inline"
      >
        +{formatSeconds(Math.max(0, step.at - from))}
      </time>
    </span>
  );
}

function Running({ step }: { step: Step }) {
  const goesOn =
    step.ended === undefined &&
    ((step.kind === "model" && step.state === "running") ||
      (step.kind === "tool" && (step.state === "running" || step.state === "waiting")) ||
      step.kind === "pause" ||
      step.kind === "decision");
  return goesOn ? <Counting from={step.at} /> : null;
}

function Counting({ from }: { from: number }) {
  return <>{formatSeconds(Math.max(0, Math.round(useNow() - from)))}</>;
}

function CopyLink({ stepKey }: { stepKey: string }) {
  const [copied, copy] = useCopied();
  const press = () => {
    const address = new URL(location.href);
    address.hash = stepKey;
    void copy(address.href);
  };
  return (
    <button
      type="button"
      aria-label={copied ? "Link copied" : "Copy the link to this step"}
      onClick={press}
      className="hidden shrink-0 rounded-sm p-1 text-muted opacity-0 hover:bg-sunken hover:text-ink focus-visible:opacity-100 group-hover/row:opacity-100 sm:block"
    >
      {copied ? <Check className="size-3.5 text-good" /> : <Link2 className="size-3.5" />}
    </button>
  );
}
