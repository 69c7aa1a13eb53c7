import type { ReactNode } from "react";
import type { EndStep, NoteEvent, Step } from "@/events/steps";
import { DecisionRecord } from "@/parts/decision_record";
import { ErrorNote } from "@/parts/error_note";
import { JsonView, LongText } from "@/parts/json_view";
import { Markdown } from "@/parts/markdown";
import { ToolBody } from "@/parts/tool_card";
import { ForkOrigin } from "./fork_origin";
import { ModelBody } from "./model_body";

/** What a step shows when it is open. `version`: steps are changed in place. */
export function StepBody(props: { run: string; step: Step; version: number }) {
  const { run, step } = props;
  switch (step.kind) {
    case "prompt":
      return <ForkOrigin event={step.event} />;
    case "model":
      return <ModelBody run={run} step={step} />;
    case "tool":
      return <ToolBody run={run} step={step} />;
    case "decision":
      return <DecisionRecord decision={step.decision} />;
    case "note":
      return <NoteBody event={step.event} />;
    case "end":
      return <EndBody step={step} />;
    case "pause":
      return null;
  }
}

function NoteBody({ event }: { event: NoteEvent }) {
  switch (event.type) {
    case "hint_received":
      return (
        <>
          <LongText text={event.text} className="max-w-prose" />
          {event.interrupt && <Small>It interrupted the call in progress.</Small>}
        </>
      );
    case "signal_refused":
      return <ErrorNote error={{ message: event.message }} />;
    case "abort_requested":
    case "pause_requested":
    case "resume_requested":
      return (
        <>
          {event.reason && <LongText text={event.reason} className="max-w-prose" />}
          {"undo" in event && event.undo && <Small>The run's effects are to be undone.</Small>}
        </>
      );
    case "context_compacted":
      return <LongText text={event.summary} className="max-w-prose" />;
    case "compaction_failed":
      return <ErrorNote error={event.error} />;
    case "effects_undone":
      return event.undone.error ? <ErrorNote error={event.undone.error} /> : null;
    case "branched":
      return <Small>What came after this point no longer belongs to the run.</Small>;
    default:
      return null;
  }
}

/** Nothing of it stands in the steps above already. */
function EndBody({ step }: { step: EndStep }) {
  const { event } = step;
  const hasData = event.data !== undefined && event.data !== null;
  return (
    <div className="flex max-w-prose flex-col gap-2">
      {event.reason && <LongText text={event.reason} />}
      {event.error && !step.errorTold && <ErrorNote error={event.error} />}
      {hasData && <JsonView value={event.data} />}
      {!hasData && event.output && !step.told && <Markdown text={event.output} />}
      {event.truncated && <Small>The answer was cut off at the model's output limit.</Small>}
    </div>
  );
}

function noteHasBody(event: NoteEvent): boolean {
  switch (event.type) {
    case "hint_received":
    case "signal_refused":
    case "context_compacted":
    case "compaction_failed":
    case "branched":
      return true;
    case "abort_requested":
    case "pause_requested":
    case "resume_requested":
      return Boolean(event.reason || ("undo" in event && event.undo));
    case "effects_undone":
      return Boolean(event.undone.error);
    default:
      return false;
  }
}

/** Whether there is anything to show of a step when it is open. */
export function hasBody(step: Step): boolean {
  if (step.kind === "pause") return false;
  if (step.kind === "note") return noteHasBody(step.event);
  if (step.kind === "end") {
    const { event } = step;
    return Boolean(
      event.reason ||
        (event.error && !step.errorTold) ||
        event.data != null ||
        (event.output && !step.told) ||
        event.truncated,
    );
  }
  return true;
}

function Small(props: { children: ReactNode }) {
  return <p className="mt-1 text-muted text-xs">{props.children}</p>;
}
