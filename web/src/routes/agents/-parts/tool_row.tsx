import { ChevronRight } from "lucide-react";
import { EffectBadge } from "@/parts/decision/decision_card";
import { Chip } from "@/parts/desk/badge";
import { JsonView } from "@/parts/json_view";

/** A tool: what it does to the world, its policy, and what it takes. */
export function ToolRow(props: {
  name: string;
  effect?: "read" | "write" | "irreversible" | undefined;
  policy: readonly string[];
  description?: string | undefined;
  parameters?: Record<string, unknown> | undefined;
}) {
  const { description, parameters } = props;
  const head = (
    <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2.5 gap-y-1">
      <span className="font-medium font-mono text-xs">{props.name}</span>
      {props.effect && <EffectBadge effect={props.effect} />}
      {props.policy.map((each) => (
        <Chip key={each}>{each}</Chip>
      ))}
      {description && <span className="line-clamp-2 w-full text-muted text-xs">{description}</span>}
    </span>
  );
  if (!parameters) return <li className="flex px-4 py-2.5 pl-10">{head}</li>;
  return (
    <li>
      <details className="group">
        <summary className="flex cursor-pointer list-none items-start gap-2 px-4 py-2.5 hover:bg-sunken/50 dark:hover:bg-raised">
          <ChevronRight
            aria-hidden
            className="mt-0.5 size-4 shrink-0 text-muted transition-transform group-open:rotate-90"
          />
          {head}
        </summary>
        <div className="border-t bg-canvas px-4 py-3 pl-10">
          <p className="mb-1 text-muted text-xs">Schema of the arguments</p>
          <JsonView value={parameters} />
        </div>
      </details>
    </li>
  );
}
