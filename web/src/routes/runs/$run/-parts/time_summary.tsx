import type { Sums } from "@/events/spans";
import { formatMoney, formatSeconds } from "@/parts/figures";
import { cn } from "@/ui/cn";
import { BARS } from "./bars";

/** Where the run's time and money went in all. */
export function TimeSummary({ sums }: { sums: Sums }) {
  const parts = [
    { bar: "model", word: "in models", seconds: sums.model },
    { bar: "tool", word: "in tools", seconds: sums.tools },
    { bar: "queue", word: "in queues and retries", seconds: sums.queue },
    { bar: "wait", word: "waiting for people", seconds: sums.waits },
  ] as const;
  const whole = parts.reduce((sum, part) => sum + part.seconds, 0) || 1;
  const costs = [...sums.cost].sort((a, b) => b[1] - a[1]);
  return (
    <section aria-label="In all" className="shrink-0 border-b px-4 py-3 sm:px-6">
      <div aria-hidden className="flex h-2.5 gap-px overflow-hidden rounded-sm bg-sunken">
        {parts.map(
          (part) =>
            part.seconds > 0 && (
              <span
                key={part.bar}
                className={BARS[part.bar]}
                style={{ width: `${(100 * part.seconds) / whole}%` }}
              />
            ),
        )}
      </div>
      <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs">
        {parts.map(
          (part) =>
            part.seconds > 0 && (
              <li key={part.bar} className="flex items-center gap-1.5">
                <span aria-hidden className={cn("size-2.5 rounded-xs", BARS[part.bar])} />
                {formatSeconds(part.seconds)} <span className="text-muted">{part.word}</span>
              </li>
            ),
        )}
        <li className="flex items-center gap-1.5 text-muted">
          <span aria-hidden className={cn("size-2.5 rounded-xs", BARS.failed)} /> failed
        </li>
        <li className="text-muted">{formatSeconds(sums.whole)} from start to end</li>
        {costs.slice(0, 4).map(([model, micros]) => (
          <li key={model} className="ml-auto first-of-type:ml-0">
            {formatMoney(micros)} <span className="text-muted">{model}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
