import { CircleCheck, CircleMinus, LoaderCircle, OctagonX } from "lucide-react";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { ProgressBar } from "@/ui/progress_bar";
import { findStop, type UndoStep } from "./undo_plan";
import type { Undo } from "./use_undo";

/** An undo while it happens, and its report. */
export function UndoSteps(props: { undo: Undo; onSkip: (call: string) => void }) {
  const { undo } = props;
  const { steps, total } = undo;
  const stop = findStop(steps);
  const undone = steps.filter((step) => step.state === "undone").length;
  return (
    <div className="flex flex-col gap-3">
      <p role="status" className="flex items-center gap-2 font-medium">
        {undo.state === "running" && (
          <>
            <LoaderCircle aria-hidden className="size-4 animate-turn text-info" />
            {total ? `${steps.length} of ${total} effects` : "Starting"}
          </>
        )}
        {undo.state === "done" && (
          <>
            {stop ? (
              <OctagonX aria-hidden className="size-4 text-bad" />
            ) : (
              <CircleCheck aria-hidden className="size-4 text-good" />
            )}
            {undone} undone{stop ? ", then it stopped" : ""}
          </>
        )}
      </p>
      {undo.state === "running" && <ProgressBar done={steps.length} total={total} label="Undo" />}
      {undo.state === "failed" && <ProblemCard error={undo.error} />}
      <ol className="flex flex-col gap-1.5">
        {steps.map((step, place) => (
          <StepLine key={place} step={step} />
        ))}
      </ol>
      {stop && undo.state === "done" && (
        <div className="flex flex-wrap items-center gap-2">
          <p className="min-w-0 flex-1 basis-60 text-muted text-xs">
            Earlier effects remain. Check this one, put it right if needed, then go on without it.
          </p>
          <Button size="sm" onClick={() => props.onSkip(stop.call)}>
            Leave it and go on
          </Button>
        </div>
      )}
    </div>
  );
}

const LOOKS = {
  undone: { Icon: CircleCheck, tone: "text-good", word: "undone" },
  would_undo: { Icon: CircleCheck, tone: "text-muted", word: "would be undone" },
  passed: { Icon: CircleMinus, tone: "text-muted", word: "left as it is" },
  stopped: { Icon: OctagonX, tone: "text-bad", word: "stopped here" },
} as const;

function StepLine({ step }: { step: UndoStep }) {
  const look = LOOKS[step.state];
  const why = step.obstacle?.message ?? step.said;
  return (
    <li className="rounded-md border px-3 py-2">
      <div className="flex items-center gap-2">
        <span className={cn("inline-flex shrink-0 items-center gap-1.5 text-xs", look.tone)}>
          <look.Icon aria-hidden className="size-4" />
          {look.word}
        </span>
        <span
          className="line-clamp-2 min-w-0 flex-1 break-all font-mono text-[0.8125rem]"
          title={step.title}
        >
          {step.title}
        </span>
        <span className="shrink-0 text-muted text-xs">turn {step.turn}</span>
      </div>
      {why && <p className="mt-1 break-words pl-6 text-muted text-xs">{why}</p>}
      {step.obstacle?.fix && <p className="break-words pl-6 text-xs">{step.obstacle.fix}</p>}
    </li>
  );
}
