import { Link } from "@tanstack/react-router";
import { CircleCheck, Eye, PencilLine, Sparkles, TriangleAlert, Users } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import { useTopic } from "@/api/live";
import { Ago } from "@/parts/ago";
import { cn } from "@/ui/cn";
import { useMay } from "../roles";
import { ArgumentView } from "./argument_view";
import { DecisionForm } from "./decision_form";
import { EndingNote } from "./ending_note";
import { ExactText } from "./exact_text";
import { hasRounded } from "./json_value";
import { AskingNote } from "./ruling_note";
import { type Decision, useDecision } from "./use_decision";
import { type Asked, argumentsOf, type DecisionMade, describeDone, WORDS } from "./verdicts";

interface DecisionCardProps {
  run: string;
  pending: Asked;
  /** The event of its decision, where the caller follows the run. */
  made?: DecisionMade | undefined;
  /** It waits no longer, for whatever reason: the card finds out why. */
  gone?: boolean;
  /** Where a, e and r decide: on the whole page, or while the focus is in the card. */
  keys?: "page" | "card";
  /** Whether to name the run and what it was asked: where the card is not shown in the run. */
  showRun?: boolean;
  onDecided?: (decision: Decision) => void;
  className?: string;
}

/** Something that a run waits for a person to decide, and everything to decide it by. */
export function DecisionCard(props: DecisionCardProps) {
  const { run, pending } = props;
  const state = useDecision(run, pending, props, props.onDecided);
  const may = useMay("operator");
  const [focused, setFocused] = useState(false);
  const title = useId();
  const { asked, decision, ending } = state;
  const open = !decision && (!ending || ending.how === "changed") && !props.gone;
  const given = argumentsOf(asked);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would disable nothing and look different
    <section
      role="group"
      aria-labelledby={title}
      tabIndex={-1}
      data-open={open || undefined}
      onFocus={() => setFocused(true)}
      onBlur={({ currentTarget, relatedTarget }) =>
        setFocused(currentTarget.contains(relatedTarget as Node | null))
      }
      className={cn(
        "flex flex-col gap-3 rounded-2xl border bg-surface p-4 text-sm shadow-card outline-none sm:p-5",
        open ? "border-secondary border-dashed focus-visible:border-info" : "border-line",
        props.className,
      )}
    >
      <header className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <h2 id={title} className="flex min-w-0 items-center gap-2 text-base">
          {open ? (
            <Sparkles aria-hidden className="size-4 shrink-0 text-warn" />
          ) : (
            <CircleCheck aria-hidden className="size-4 shrink-0 text-muted" />
          )}
          <span>{WORDS[asked.need].title}</span>
          {asked.tool && (
            <code className="min-w-0 break-all rounded-sm bg-sunken px-1.5 py-0.5 font-mono font-normal text-[0.8125rem]">
              {asked.tool}
            </code>
          )}
        </h2>
        {asked.effect && <EffectBadge effect={asked.effect} />}
        <span className="ml-auto flex items-center gap-2.5 text-muted text-xs">
          <Looking run={run} />
          <Ago at={asked.since} />
        </span>
      </header>
      <Origin run={run} asked={asked} card={state.card} showRun={props.showRun === true} />
      <p className={cn(asked.need === "answer" && "text-base")}>
        <ExactText text={asked.question} />
      </p>
      <AskingNote ruling={asked.ruling} until={asked.until} open={open} />
      {open && WORDS[asked.need].lead && <p className="text-muted">{WORDS[asked.need].lead}</p>}
      {given && asked.need !== "answer" && !(open && may) && (
        <div className="rounded-md border bg-raised p-3">
          <ArgumentView value={given} />
        </div>
      )}
      {hasRounded(given) && (
        <p className="flex items-start gap-2 text-warn text-xs">
          <TriangleAlert aria-hidden className="mt-px size-3.5 shrink-0" />
          Very large numbers are shown rounded, so these arguments cannot be edited here.
        </p>
      )}
      {decision && (
        <p role="status" className="font-medium text-good">
          You {describeDone(asked.need, decision.verdict)}.
        </p>
      )}
      {!decision && ending && <EndingNote ending={ending} asked={asked} tried={!!state.problem} />}
      {open && may && (
        <DecisionForm
          key={asked.digest ?? ""}
          run={run}
          state={state}
          keys={props.keys === "page" || focused}
        />
      )}
      {open && !may && (
        <p className="text-muted text-xs">
          Your role can look, but not decide: an operator or an admin has to.
        </p>
      )}
    </section>
  );
}

const EFFECTS = {
  read: { Icon: Eye, tone: "text-muted" },
  write: { Icon: PencilLine, tone: "text-info" },
  irreversible: { Icon: TriangleAlert, tone: "text-bad" },
} as const;

/** What a tool changes: an icon and a word. */
export function EffectBadge(props: { effect: keyof typeof EFFECTS; className?: string }) {
  const { Icon, tone } = EFFECTS[props.effect];
  return (
    <span className={cn("inline-flex items-center gap-1 text-xs", tone, props.className)}>
      <Icon aria-hidden className="size-3.5" />
      {props.effect}
    </span>
  );
}

/** Who asks, for whom, and in which run. */
function Origin(props: {
  run: string;
  asked: Asked;
  card: { agent: string; asked: string; by?: string | null | undefined } | undefined;
  showRun: boolean;
}) {
  const { card, asked } = props;
  const parts: ReactNode[] = [
    card && (
      <span key="agent">
        Asked by agent <b className="font-medium text-ink">{card.agent}</b> in turn {asked.turn}
      </span>
    ),
    card?.by && <span key="by">run started by {card.by}</span>,
    props.showRun && (
      <Link
        key="run"
        to="/runs/$run"
        params={{ run: props.run }}
        className="min-w-0 truncate text-info underline"
      >
        {props.run}
      </Link>
    ),
  ];
  return (
    <div className="flex flex-col gap-1 text-muted text-xs">
      <p className="flex min-w-0 flex-wrap gap-x-3 gap-y-0.5">{parts.filter(Boolean)}</p>
      {props.showRun && card?.asked && (
        <p className="line-clamp-2 break-words" title={card.asked.slice(0, 1_000)}>
          Task: {card.asked.slice(0, 400)}
        </p>
      )}
    </div>
  );
}

/** Who else has this run open now: two people need not decide the same thing. */
function Looking(props: { run: string }) {
  const [users, setUsers] = useState<readonly string[]>([]);
  useTopic(`looking/${encodeURIComponent(props.run)}`, ({ event, data }) => {
    if (event === "looking") setUsers((data as { users: string[] }).users);
  });
  if (users.length === 0) return null;
  const names = users.slice(0, 3).join(", ");
  const more = users.length > 3 ? ` and ${users.length - 3} more` : "";
  return (
    <span className="inline-flex items-center gap-1 rounded-full bg-info-soft px-2 py-0.5 text-info">
      <Users aria-hidden className="size-3" />
      {names}
      {more} looking too
    </span>
  );
}
