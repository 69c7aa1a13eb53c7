import { ChevronRight } from "lucide-react";
import { Markdown } from "@/parts/markdown";

/** What the model thought: folded away until asked for. */
export function Reasoning(props: { text: string }) {
  if (!props.text) return null;
  return (
    <details className="group/think text-muted">
      <summary className="inline-flex cursor-pointer list-none items-center gap-1 rounded-sm text-xs hover:text-ink">
        <ChevronRight
          aria-hidden
          className="size-3.5 transition-transform group-open/think:rotate-90"
        />
        Reasoning
      </summary>
      <Markdown text={props.text} className="mt-1.5 border-l-2 pl-3 text-[0.8125rem]" />
    </details>
  );
}
