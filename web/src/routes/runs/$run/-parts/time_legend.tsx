import "./waterfall.css";
import { cn } from "@/ui/cn";

export const BARS = {
  model: "bg-info",
  tool: "bg-good",
  queue: "bar-queue",
  check: "bg-secondary",
  wait: "bar-wait",
  pause: "bar-wait",
  failed: "bg-bad",
} as const;

const WORDS: readonly [keyof typeof BARS, string][] = [
  ["model", "Model"],
  ["tool", "Tool"],
  ["queue", "Queue and retries"],
  ["wait", "Person"],
  ["failed", "Failed"],
];

export function TimeLegend(props: { className?: string }) {
  return (
    <ul className={cn("flex flex-wrap gap-x-3 gap-y-1 text-muted text-xs", props.className)}>
      {WORDS.map(([bar, word]) => (
        <li key={bar} className="flex items-center gap-1.5">
          <span aria-hidden className={cn("h-2.5 w-4 rounded-xs", BARS[bar])} />
          {word}
        </li>
      ))}
    </ul>
  );
}
