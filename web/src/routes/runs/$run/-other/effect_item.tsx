import { Link } from "@tanstack/react-router";
import {
  ChevronRight,
  CircleCheck,
  CircleHelp,
  CircleX,
  LoaderCircle,
  Lock,
  Undo2,
} from "lucide-react";
import { type ReactNode, useState } from "react";
import { Ago } from "@/parts/ago";
import { JsonView, LongText } from "@/parts/json_view";
import { cn } from "@/ui/cn";
import type { Effect } from "./undo_plan";

const LOOKS = {
  done: { Icon: CircleCheck, tone: "text-good", word: "in effect" },
  begun: { Icon: CircleHelp, tone: "text-warn", word: "outcome unknown" },
  failed: { Icon: CircleX, tone: "text-bad", word: "failed" },
  undoing: { Icon: LoaderCircle, tone: "text-info", word: "being undone" },
  undone: { Icon: Undo2, tone: "text-muted", word: "undone" },
} as const;

/** One effect: a line that opens. */
export function EffectItem(props: { effect: Effect; stepKey: string | undefined }) {
  const { effect } = props;
  const [open, setOpen] = useState(false);
  const look = LOOKS[effect.state];
  return (
    <li className="rounded-md border bg-surface">
      <div className="flex items-center gap-2 px-3 py-2">
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="flex min-h-8 min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-0.5 text-left"
        >
          <ChevronRight
            aria-hidden
            className={cn("size-3.5 shrink-0 text-muted transition-[rotate]", open && "rotate-90")}
          />
          <span className="min-w-0 max-w-full truncate font-medium font-mono text-[0.8125rem]">
            {effect.tool}
          </span>
          <span className="order-last min-w-0 basis-full truncate pl-6.5 text-muted text-xs sm:order-none sm:flex-1 sm:basis-0 sm:pl-0">
            {summaryOf(effect)}
          </span>
          <span className={cn("ml-auto inline-flex items-center gap-1.5 text-xs", look.tone)}>
            <look.Icon
              aria-hidden
              className={cn("size-3.5", effect.state === "undoing" && "animate-turn")}
            />
            {look.word}
          </span>
        </button>
        <span className="hidden w-14 shrink-0 text-right text-muted text-xs sm:block">
          turn {effect.turn}
        </span>
        <span className="hidden w-20 shrink-0 text-right text-muted text-xs md:block">
          <Ago at={effect.undone ?? effect.ended ?? effect.began} />
        </span>
      </div>
      {(effect.effect === "irreversible" || effect.note) && (
        <p className="flex items-center gap-1.5 px-3 pb-2 pl-9.5 text-muted text-xs">
          {effect.effect === "irreversible" && (
            <>
              <Lock aria-hidden className="size-3" /> The tool cannot undo it.
            </>
          )}
          {effect.note && <span className="min-w-0 break-words">{effect.note}</span>}
        </p>
      )}
      {open && <Details effect={effect} stepKey={props.stepKey} />}
    </li>
  );
}

function Details({ effect, stepKey }: { effect: Effect; stepKey: string | undefined }) {
  return (
    <div className="flex flex-col gap-3 border-t px-3 py-3 sm:pl-9.5">
      <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
        <span>Turn {effect.turn}</span>
        {stepKey && (
          <Link
            to="/runs/$run"
            params={{ run: effect.run }}
            hash={stepKey}
            className="text-info hover:underline"
          >
            Show the step
          </Link>
        )}
        {effect.attempt > 1 && <span>{effect.attempt} attempts</span>}
        {effect.undos > 1 && <span>undone {effect.undos} times</span>}
        <span className="break-all text-muted">
          call <code>{effect.call}</code>
        </span>
        {effect.workspace && (
          <span className="break-all text-muted">
            in <code>{effect.workspace.root}</code> on {effect.workspace.host}
          </span>
        )}
        <span className="break-all text-muted">by {effect.who}</span>
      </p>
      <Part title="Arguments">
        <JsonView value={effect.arguments} className="rounded-md bg-sunken px-3 py-2" />
      </Part>
      {effect.result && (
        <Part title="Result">
          <LongText
            text={effect.result}
            className="rounded-md bg-sunken px-3 py-2 font-mono text-xs"
          />
        </Part>
      )}
      {effect.receipt != null && (
        <Part title="Receipt: what the undo uses">
          <JsonView value={effect.receipt} className="rounded-md bg-sunken px-3 py-2" />
        </Part>
      )}
    </div>
  );
}

function Part(props: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="mb-1 font-medium text-muted text-xs">{props.title}</h3>
      {props.children}
    </section>
  );
}

const SHOWN = 160;

/** The arguments in one line. */
function summaryOf(effect: Effect): string {
  const parts = Object.entries(effect.arguments).map(([name, value]) => {
    const text = typeof value === "string" ? value.slice(0, SHOWN) : JSON.stringify(value);
    return `${name}: ${text}`;
  });
  return parts.join(", ").slice(0, SHOWN);
}
