import { ArrowRight, CircleMinus, OctagonX, Undo2 } from "lucide-react";
import { cn } from "@/ui/cn";
import { TargetNote } from "./target_note";
import type { PlannedStep } from "./undo_plan";

/** What an undo would do with each effect, the newest first. */
export function UndoPreview(props: {
  planned: readonly PlannedStep[];
  past: readonly string[];
  onToggle: (call: string) => void;
}) {
  return (
    <section aria-label="Preview">
      <ol className="flex flex-col gap-1.5">
        {props.planned.map(({ step, reached }, place) => (
          <li
            key={place}
            className={cn(
              "rounded-md border border-line border-dashed px-3 py-2",
              !reached && "text-muted",
              step.state === "stopped" && reached && "border-bad/60 bg-bad-soft",
            )}
          >
            <div className="flex items-start gap-2 [&>*]:leading-5">
              <What planned={{ step, reached }} />
              <span
                className="line-clamp-2 min-w-0 flex-1 break-all font-mono text-[0.8125rem]"
                title={step.title}
              >
                {step.title}
              </span>
              <span className="shrink-0 text-muted text-xs">turn {step.turn}</span>
            </div>
            {step.checked != null ? (
              <TargetNote changed={step.changed} why={step.checked} />
            ) : (
              step.obstacle && (
                <p className="mt-1 break-words pl-6 text-xs">{step.obstacle.message}</p>
              )
            )}
            <button
              type="button"
              aria-pressed={props.past.includes(step.call)}
              onClick={() => props.onToggle(step.call)}
              className="mt-0.5 ml-6 text-info text-xs hover:underline"
            >
              {wordFor(step)}
            </button>
          </li>
        ))}
      </ol>
      <p className="mt-3 text-muted text-xs">
        Each target is checked again at the moment of its undo, also those that could not be checked
        now. If one has changed since, the undo stops there and overwrites nothing.
      </p>
    </section>
  );
}

function wordFor(step: PlannedStep["step"]): string {
  if (step.state === "passed") return "Undo it too";
  return step.state === "stopped" ? "Leave it as it is, and go on" : "Leave it as it is";
}

function What({ planned: { step, reached } }: { planned: PlannedStep }) {
  if (!reached && step.state !== "stopped")
    return <Mark Icon={ArrowRight} word="not reached" tone="text-muted" />;
  switch (step.state) {
    case "stopped":
      return <Mark Icon={OctagonX} word="cannot be undone" tone="text-bad" />;
    case "passed":
      return <Mark Icon={CircleMinus} word="stays" tone="text-muted" />;
    default:
      return <Mark Icon={Undo2} word="undo" tone="text-info" />;
  }
}

function Mark(props: { Icon: typeof Undo2; word: string; tone: string }) {
  return (
    <span className={cn("inline-flex shrink-0 items-center gap-1.5 text-xs", props.tone)}>
      <props.Icon aria-hidden className="size-4" />
      {props.word}
    </span>
  );
}
