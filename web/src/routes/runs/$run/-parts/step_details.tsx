import type { Step } from "@/events/steps";
import { formatTime } from "@/parts/time_zone";

/** Figures of the selected step. */
export function StepDetails({ step }: { step: Step }) {
  return (
    <section className="text-xs">
      <h2 className="text-sm">{step.key}</h2>
      <p className="text-muted">{formatTime(step.at)}</p>
    </section>
  );
}
