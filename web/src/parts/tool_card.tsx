import { Link } from "@tanstack/react-router";
import { Wrench } from "lucide-react";
import { useState } from "react";
import type { ToolStep } from "@/events/steps";
import { cn } from "@/ui/cn";
import { Artifact } from "./artifact";
import { AttemptList } from "./attempts";
import { RulingNote } from "./decision/ruling_note";
import { DecisionRecord } from "./decision_record";
import { DiffView } from "./diff_view";
import { ErrorNote } from "./error_note";
import { formatMoney } from "./figures";
import { JsonView, LongText } from "./json_view";
import { DerivedNotes, GateNotes } from "./policy/gate_notes";
import { StateBadge } from "./state_badge";
import { fileEditOf } from "./tool_edits";

/** A tool call in full: arguments, who decided, attempts, result. */
export function ToolBody({ run, step }: { run: string; step: ToolStep }) {
  return (
    <div className="flex max-w-3xl flex-col gap-3">
      <Arguments step={step} />
      {step.decisions.map((decision) => (
        <DecisionRecord key={decision.asked.at} decision={decision} />
      ))}
      {step.derived && <DerivedNotes derived={step.derived} />}
      {step.result?.ruling && <RulingNote ruling={step.result.ruling} />}
      {step.result?.gates && <GateNotes gates={step.result.gates} />}
      {step.progress && (
        <p className="flex gap-2 text-info text-xs" role="status">
          <Wrench aria-hidden className="size-3.5" /> {step.progress}
        </p>
      )}
      {step.child && <ChildRun child={step.child} />}
      <AttemptList run={run} step={step} />
      <Result run={run} step={step} />
    </div>
  );
}

function ChildRun({ child }: { child: NonNullable<ToolStep["child"]> }) {
  return (
    <p className="flex min-h-8 min-w-0 flex-wrap items-center gap-x-3">
      <span className="text-muted text-xs">
        {child.handover ? `Continued by ${child.agent}` : `Run of ${child.agent}`}
      </span>
      <Link
        to="/runs/$run"
        params={{ run: child.run }}
        className="truncate text-info hover:underline"
      >
        {child.run}
      </Link>
      <StateBadge state={child.state ?? "running"} />
      {child.totals && (
        <span className="text-muted text-xs">
          {child.totals.turns} turns, {formatMoney(child.totals.cost_micros)}
        </span>
      )}
    </p>
  );
}

function Arguments({ step }: { step: ToolStep }) {
  const edit = fileEditOf(step);
  const [raw, setRaw] = useState(false);
  const isEmpty = typeof step.arguments !== "string" && Object.keys(step.arguments).length === 0;
  if (isEmpty) return null;
  return (
    <Part
      title="Arguments"
      action={
        edit && (
          <button
            type="button"
            className="text-info text-xs hover:underline"
            onClick={() => setRaw(!raw)}
          >
            {raw ? "Show the change" : "Show as JSON"}
          </button>
        )
      }
    >
      {edit && !raw ? (
        <DiffView before={edit.before} after={edit.after} title={edit.title} />
      ) : (
        <JsonView value={step.arguments} exact className="rounded-md bg-sunken px-3 py-2" />
      )}
      {step.asked !== undefined && (
        <DiffView
          className="mt-2"
          title="What the model asked for, and what a person made of it"
          before={asText(step.asked)}
          after={asText(step.arguments)}
        />
      )}
    </Part>
  );
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function Result({ run, step }: { run: string; step: ToolStep }) {
  const { result } = step;
  if (!result) return null;
  if (result.unrun)
    return <p className="text-muted text-xs">The run ended before it had a result.</p>;
  return (
    <Part title={result.ok ? "Result" : "Error"}>
      {result.error ? (
        <ErrorNote error={result.error} />
      ) : (
        <Content text={result.content} failed={!result.ok} />
      )}
      {result.error && result.content !== result.error.message && (
        <Content text={result.content} failed className="mt-2" />
      )}
      {result.artifact && <Artifact className="mt-2" run={run} id={result.artifact} />}
    </Part>
  );
}

function Content(props: { text: string; failed?: boolean; className?: string }) {
  const [plain, setPlain] = useState(false);
  const value = plain ? undefined : parseJson(props.text);
  const look = cn(
    "rounded-md px-3 py-2",
    props.failed ? "bg-bad-soft" : "bg-sunken",
    props.className,
  );
  if (!props.text) return <p className="text-muted text-xs">Empty</p>;
  if (value === undefined)
    return <LongText text={props.text} className={cn(look, "font-mono text-xs")} />;
  return (
    <div className={look}>
      <JsonView value={value} />
      <button
        type="button"
        className="mt-1 text-info text-xs hover:underline"
        onClick={() => setPlain(true)}
      >
        Show as it was sent
      </button>
    </div>
  );
}

/** Above this, parsing and writing JSON again would hold the page. */
const MOST_JSON = 200_000;

function parseJson(text: string): unknown {
  if (text.length > MOST_JSON || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function Part(props: { title: string; action?: React.ReactNode; children: React.ReactNode }) {
  return (
    <section className="min-w-0">
      <h3 className="mb-1 flex items-center justify-between gap-2 font-medium text-muted text-xs tracking-normal">
        {props.title}
        {props.action}
      </h3>
      {props.children}
    </section>
  );
}
