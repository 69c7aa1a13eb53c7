import { Sparkles } from "lucide-react";
import { memo } from "react";
import type { RunLog } from "@/events/run_log";
import type { EventOf, ModelStep, NoteStep, Step } from "@/events/steps";
import { Markdown } from "@/parts/markdown";
import { cn } from "@/ui/cn";
import { DecisionLine } from "./decision_line";
import { Reasoning } from "./reasoning";
import { ToolLine } from "./tool_line";
import { HintBubble } from "./user_message";

/** What a run has said and done so far. */
export function Answer(props: { run: string; log: RunLog; stopping: boolean }) {
  const { log, run } = props;
  return (
    <>
      {log.steps.map((step) => (
        <Shown key={step.key} step={step} version={step.version} run={run} log={log} />
      ))}
      {log.state === "running" && !hasLiveText(log) && <Thinking stopping={props.stopping} />}
    </>
  );
}

function hasLiveText(log: RunLog): boolean {
  const last = log.steps.at(-1);
  return last?.kind === "model" && last.state === "running" && last.text !== "";
}

/** The mark of the assistant, which breathes while it works. */
export function AiMark(props: { busy?: boolean }) {
  return (
    <Sparkles
      aria-hidden
      className={cn("size-4 text-secondary", props.busy && "animate-pulse-soft text-ink")}
    />
  );
}

export function Thinking(props: { stopping: boolean }) {
  return (
    <p className="flex items-center gap-2 text-muted text-xs" role="status">
      <span className="inline-flex gap-1" aria-hidden>
        <span className="size-1.5 animate-pulse-soft rounded-full bg-current" />
        <span className="size-1.5 animate-pulse-soft rounded-full bg-current [animation-delay:200ms]" />
        <span className="size-1.5 animate-pulse-soft rounded-full bg-current [animation-delay:400ms]" />
      </span>
      {props.stopping ? "Stopping" : "Working"}
    </p>
  );
}

const Shown = memo(
  function Shown(props: { step: Step; version: number; run: string; log: RunLog }) {
    const { step, run, log } = props;
    switch (step.kind) {
      case "model":
        return <Reply step={step} />;
      case "tool": {
        const asked = step.decisions.at(-1);
        return (
          <div className="flex flex-col gap-2">
            <ToolLine step={step} version={step.version} />
            {asked && !asked.made && isOpen(log, asked.asked.id) && (
              <DecisionLine run={run} asked={asked.asked} />
            )}
          </div>
        );
      }
      case "decision": {
        const { asked, made } = step.decision;
        if (made || !isOpen(log, asked.id)) return null;
        return <DecisionLine run={run} asked={asked} />;
      }
      case "note":
        return <Note step={step} />;
      default:
        return null; // the prompt stands above, the end below
    }
  },
  (one, two) =>
    one.step === two.step && one.version === two.version && one.log.state === two.log.state,
);

function isOpen(log: RunLog, id: string): boolean {
  return log.waiting.has(id);
}

function Reply({ step }: { step: ModelStep }) {
  const streaming = step.state === "running";
  if (!step.text && !step.reasoning && step.retries.length === 0) return null;
  return (
    <div className="flex flex-col gap-2">
      <Reasoning text={step.reasoning} />
      {step.text && <Markdown text={step.text} streaming={streaming} />}
      {step.retries.length > 0 && (
        <p className="text-warn text-xs" role="status">
          Attempt {step.retries.length} of this model call failed; it is retried.
        </p>
      )}
    </div>
  );
}

type HintEvent = EventOf<"hint_received">;

function Note({ step }: { step: NoteStep }) {
  const { event } = step;
  if (event.type === "hint_received") {
    const hint: HintEvent = event;
    return <HintBubble text={hint.text} by={hint.by ?? undefined} interrupt={hint.interrupt} />;
  }
  const text = sayNote(event);
  return text ? <p className="text-center text-muted text-xs">{text}</p> : null;
}

function sayNote(event: NoteStep["event"]): string {
  const by = "by" in event && event.by ? ` by ${event.by}` : "";
  switch (event.type) {
    case "pause_requested":
      return `Paused${by}`;
    case "resume_requested":
      return `Resumed${by}`;
    case "abort_requested":
      return `Stopped${by}`;
    case "budget_reached":
      return "A limit of the run was reached";
    case "undo_started":
      return "Undoing the effects";
    case "effects_undone":
      return "Effects undone";
    default:
      return "";
  }
}
