import { Sparkles } from "lucide-react";
import { memo, useRef } from "react";
import type { RunLog } from "@/events/run_log";
import { type EventOf, isWaiting, type ModelStep, type NoteStep, type Step } from "@/events/steps";
import { nameOf } from "@/parts/by";
import { DecisionCard } from "@/parts/decision/decision_card";
import { Markdown } from "@/parts/markdown";
import { Reasoning } from "@/parts/message_parts";
import { ShownPlainly } from "@/parts/shown_plainly";
import { cn } from "@/ui/cn";
import { isOver } from "../-data/thread";
import { ToolLine } from "./tool_line";
import { HintBubble } from "./user_message";

/** What a run has said and done so far. */
export function Answer(props: { run: string; log: RunLog; stopping: boolean }) {
  const { log, run } = props;
  return (
    <>
      {log.steps.map((step) => (
        <ShownPlainly key={step.key} value={step} version={step.version}>
          <Shown step={step} version={step.version} run={run} log={log} stopping={props.stopping} />
        </ShownPlainly>
      ))}
      {log.state === "running" && (props.stopping || !hasLiveText(log)) && (
        <Thinking stopping={props.stopping} />
      )}
    </>
  );
}

function hasLiveText(log: RunLog): boolean {
  // A hint that comes in meanwhile stands below the call that still writes.
  const call = log.steps.findLast((step) => step.kind === "model");
  return call?.kind === "model" && call.state === "running" && call.text !== "";
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
  function Shown(props: {
    step: Step;
    version: number;
    run: string;
    log: RunLog;
    stopping: boolean;
  }) {
    const { step, run, log } = props;
    switch (step.kind) {
      case "model":
        return <Reply step={step} frozen={props.stopping} />;
      case "tool": {
        const asked = step.decisions.at(-1);
        return (
          <div className="flex flex-col gap-2">
            <ShownPlainly value={step} version={step.version}>
              <ToolLine run={run} step={step} version={step.version} />
            </ShownPlainly>
            {asked && isWaiting(step) && !isOver(log.state) && (
              <Decide run={run} asked={asked.asked} />
            )}
            {step.child?.answer && <Markdown text={step.child.answer} />}
          </div>
        );
      }
      case "decision": {
        if (!isWaiting(step) || isOver(log.state)) return null;
        return <Decide run={run} asked={step.decision.asked} />;
      }
      case "note":
        return <Note step={step} />;
      default:
        return null; // the prompt stands above, the end below
    }
  },
  (one, two) =>
    one.step === two.step &&
    one.version === two.version &&
    one.stopping === two.stopping &&
    one.log.state === two.log.state,
);

function Decide(props: { run: string; asked: EventOf<"decision_requested"> }) {
  const { asked } = props;
  const given = typeof asked.arguments === "string" ? null : (asked.arguments ?? null);
  return (
    <DecisionCard
      run={props.run}
      pending={{ ...asked, arguments: given, since: asked.at }}
      keys="card"
    />
  );
}

/** `frozen`: the person has stopped it, so nothing is added until it has ended. */
function Reply({ step, frozen }: { step: ModelStep; frozen: boolean }) {
  const streaming = step.state === "running";
  const seen = useRef("");
  if (!frozen || !streaming) seen.current = step.text;
  if (!step.text && !step.reasoning && step.retries.length === 0) return null;
  return (
    <div className="flex flex-col gap-2">
      {step.reasoning && <Reasoning text={step.reasoning} />}
      {seen.current && <Markdown text={seen.current} streaming={streaming} />}
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
  const by = "by" in event && event.by ? ` by ${nameOf(event.by)}` : "";
  switch (event.type) {
    case "pause_requested":
      return `Paused${by}`;
    case "resume_requested":
      return `Resumed${by}`;
    case "abort_requested":
      return `Stopped${by}`;
    case "budget_reached":
      return "A limit of the run was reached";
    case "context_compacted":
      return "Earlier messages summarized for the model";
    case "compaction_failed":
      return "Earlier messages could not be summarized";
    case "undo_started":
      return "Undoing the effects";
    case "effects_undone":
      return "Effects undone";
    default:
      return "";
  }
}
