import { CircleAlert, CloudOff, KeyRound, ShieldX, TimerReset } from "lucide-react";
import { type Kind, Problem } from "@/api/problem";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { InlineCode } from "./inline_code";

const TITLES: Record<Kind, { title: string; Icon: typeof CircleAlert }> = {
  offline: { title: "Offline", Icon: CloudOff },
  signed_out: { title: "Your session has ended", Icon: KeyRound },
  not_allowed: { title: "Not allowed", Icon: ShieldX },
  busy: { title: "Too many requests", Icon: TimerReset },
  server: { title: "The daemon failed", Icon: CircleAlert },
  page: { title: "The page failed to show this", Icon: CircleAlert },
  request: { title: "", Icon: CircleAlert },
};

/** What went wrong, and what to do about it. */
export function ProblemCard(props: { error: unknown; retry?: () => void; className?: string }) {
  const problem = Problem.of(props.error);
  const { title, Icon } = TITLES[problem.kind];
  return (
    <div
      role="alert"
      className={cn(
        "flex items-start gap-3 rounded-md border border-bad/40 bg-bad-soft p-3 text-sm",
        props.className,
      )}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        {title && <p className="font-medium">{title}</p>}
        <p className={cn("break-words", !title && "font-medium")}>
          <InlineCode text={problem.message} />
        </p>
        {problem.fix && (
          <p className="mt-1 break-words text-muted">
            <InlineCode text={problem.fix} />
          </p>
        )}
        {problem.fields.map((each) => (
          <p key={each.field} className="text-muted text-xs">
            {each.field}: {each.problem}
          </p>
        ))}
        {problem.code && <p className="mt-1 font-mono text-muted text-xs">{problem.code}</p>}
      </div>
      {props.retry && (
        <Button size="sm" onClick={props.retry}>
          Try again
        </Button>
      )}
    </div>
  );
}
