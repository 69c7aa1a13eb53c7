import { ChevronDown, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { attemptsOf, type ModelStep, type Step, secondsOf, type ToolStep } from "@/events/steps";
import { formatMoney, formatSeconds } from "@/parts/figures";
import { useClock } from "@/parts/time_zone";
import { Button } from "@/ui/button";
import { StepAlternatives } from "../-other/step_alternatives";
import { useRunView } from "../-view";
import { NewMessages } from "./new_messages";
import { lookOf } from "./step_look";
import { TemporalLink } from "./temporal_link";

/** Figures of the selected step. */
export function StepDetails(props: {
  step: Step;
  /** Show only its name until it is opened: there is little room. */
  folded: boolean;
}) {
  const { step, folded } = props;
  const [opened, setOpened] = useState(false);
  const open = !folded || opened;
  const { run, log, select } = useRunView();
  const look = lookOf(step);
  return (
    <section aria-label="Selected step" className="rounded-md border bg-surface p-3 text-xs">
      <header className="flex items-center gap-2">
        <look.Icon aria-hidden className={`size-4 shrink-0 ${look.tone}`} />
        <h2 className="min-w-0 flex-1 break-words text-sm">{look.title}</h2>
        {folded && (
          <Button size="sm" tone="quiet" aria-expanded={opened} onClick={() => setOpened(!opened)}>
            Details <ChevronDown className={opened ? "" : "rotate-180"} />
          </Button>
        )}
        <Button
          size="icon"
          tone="quiet"
          className="-my-1 -mr-1"
          aria-label="Close the details"
          onClick={() => select(undefined)}
        >
          <X />
        </Button>
      </header>
      {open && <Details run={run} step={step} from={log.started?.at ?? step.at} />}
    </section>
  );
}

function Details(props: { run: string; step: Step; from: number }) {
  const { run, step } = props;
  const { formatTime } = useClock();
  const seconds = secondsOf(step);
  return (
    <>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {step.turn > 0 && <Row name="Turn">{step.turn}</Row>}
        <Row name="At">{formatTime(step.at)}</Row>
        <Row name="After">{formatSeconds(Math.max(0, step.at - props.from))}</Row>
        {seconds !== null && <Row name="Time">{formatSeconds(seconds)}</Row>}
        {step.kind === "model" && <ModelRows step={step} />}
        {step.kind === "tool" && <ToolRows step={step} />}
        <Row name="Link">
          <code className="break-all">#{step.key}</code>
        </Row>
      </dl>
      {step.kind === "model" && step.messages.length > 0 && (
        <div className="mt-3">
          <NewMessages run={run} messages={step.messages} />
        </div>
      )}
      <StepAlternatives step={step} />
      <TemporalLink run={run} cursor={step.cursor ?? step.began} className="mt-3" />
    </>
  );
}

function Row(props: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{props.name}</dt>
      <dd className="min-w-0 break-words">{props.children}</dd>
    </>
  );
}

function ModelRows({ step }: { step: ModelStep }) {
  const { reply, usage } = step;
  const worker = (reply ?? step.failed)?.worker;
  return (
    <>
      {reply?.first_ms != null && (
        <Row name="First token">{formatSeconds(reply.first_ms / 1000)}</Row>
      )}
      {reply?.queued_ms != null && <Row name="Queued">{formatSeconds(reply.queued_ms / 1000)}</Row>}
      {usage && (
        <>
          <Row name="Input">
            {count(usage.input)} tokens{usage.estimated && " (estimated)"}
          </Row>
          {usage.cached != null && (
            <Row name="Cached">
              {count(usage.cached)} ({percent(usage.cached, usage.input)})
            </Row>
          )}
          {usage.cache_write != null && <Row name="Cache write">{count(usage.cache_write)}</Row>}
          <Row name="Output">{count(usage.output)} tokens</Row>
          {usage.reasoning != null && <Row name="Reasoning">{count(usage.reasoning)}</Row>}
          <Row name="Cost">{step.costMicros == null ? "unknown" : money(step.costMicros)}</Row>
        </>
      )}
      {reply?.cut && (
        <Row name="Interrupted">
          {reply.cut.attempts} attempts, about {formatMoney(reply.cut.cost_micros)} more
        </Row>
      )}
      {reply?.dropped != null && <Row name="Left out">{reply.dropped} messages of the context</Row>}
      {attemptsOf(step) > 0 && <Row name="Attempts">{attemptsOf(step)}</Row>}
      {worker && <WorkerRow worker={worker} />}
    </>
  );
}

function ToolRows({ step }: { step: ToolStep }) {
  const { result } = step;
  return (
    <>
      <Row name="Call">
        <code className="break-all">{step.callId}</code>
      </Row>
      {result?.queued_ms != null && (
        <Row name="Queued">{formatSeconds(result.queued_ms / 1000)}</Row>
      )}
      {step.spans.map((span) => {
        const seconds = span.to === undefined ? null : span.to - span.from;
        if (span.kind !== "wait" || seconds === null) return null;
        return (
          <Row key={span.from} name="Waited">
            {formatSeconds(seconds)}
          </Row>
        );
      })}
      {attemptsOf(step) > 0 && <Row name="Attempts">{attemptsOf(step)}</Row>}
      {result?.worker && <WorkerRow worker={result.worker} />}
    </>
  );
}

function WorkerRow({ worker }: { worker: { name: string; build?: string | null } }) {
  return (
    <Row name="Worker">
      {worker.name}
      {worker.build && <span className="text-muted"> {worker.build}</span>}
    </Row>
  );
}

function count(tokens: number): string {
  return tokens.toLocaleString("en");
}

function percent(part: number, whole: number): string {
  return `${whole ? Math.round((100 * part) / whole) : 0} %`;
}

function money(micros: number): string {
  return `$${(micros / 1e6).toFixed(6).replace(/0{1,4}$/, "")}`;
}
