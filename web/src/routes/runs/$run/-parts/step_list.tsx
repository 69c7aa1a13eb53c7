import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useRef } from "react";
import { type Step, secondsOf } from "@/events/steps";
import { formatSeconds } from "@/parts/figures";
import { Markdown } from "@/parts/markdown";

/** The steps of a run; only those in sight are in the document. */
export function StepList(props: { steps: readonly Step[]; version: number }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: props.steps.length,
    getScrollElement: () => scroller.current,
    getItemKey: (place) => props.steps[place]?.key ?? place,
    estimateSize: () => 64,
    overscan: 8,
  });
  return (
    <div ref={scroller} className="h-full overflow-auto">
      <ol className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const step = props.steps[row.index];
          return (
            step && (
              <li
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                className="absolute inset-x-0 border-b px-4 py-3 sm:px-6"
                style={{ transform: `translateY(${row.start}px)` }}
              >
                <StepRow step={step} version={step.version} />
              </li>
            )
          );
        })}
      </ol>
    </div>
  );
}

const StepRow = memo(function StepRow({ step }: { step: Step; version: number }) {
  const seconds = secondsOf(step);
  return (
    <div className="flex gap-3">
      <span className="w-20 shrink-0 text-muted text-xs">
        {step.kind === "tool" ? step.name : step.kind}
      </span>
      <div className="min-w-0 flex-1">{textFor(step)}</div>
      {seconds !== null && <span className="text-muted text-xs">{formatSeconds(seconds)}</span>}
    </div>
  );
});

function textFor(step: Step) {
  switch (step.kind) {
    case "prompt":
      return <p className="whitespace-pre-wrap">{step.event.prompt}</p>;
    case "model":
      return <Markdown text={step.text} streaming={step.state === "running"} />;
    case "tool":
      return <code className="font-mono text-xs">{step.result?.content ?? step.state}</code>;
    case "end":
      return step.event.state;
    case "note":
      return step.event.type;
    case "decision":
      return step.decision.asked.question;
  }
}
