import { Link } from "@tanstack/react-router";
import { Copy } from "lucide-react";
import type { ReactNode } from "react";
import { Ago, useNow } from "@/parts/ago";
import { By } from "@/parts/by";
import { formatCount, formatMoney, formatSeconds } from "@/parts/figures";
import { usePageTitle } from "@/parts/page_title";
import { StateBadge } from "@/parts/state_badge";
import { cn } from "@/ui/cn";
import { copyText } from "@/ui/copy_text";
import { RunActions } from "../-actions";
import { type RunView, useRunView } from "../-view";
import { Forks } from "./forks";
import { UndoneMark } from "./undone_mark";

/** What the run is, and how far it is. */
export function RunHeader() {
  const view = useRunView();
  const { run, log, card } = view;
  const title = titleOf(log.started?.prompt ?? card?.asked) || run;
  usePageTitle(title);
  return (
    <header className="shrink-0 border-b px-4 pt-3 pb-2.5 sm:px-6">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 sm:flex-nowrap">
        <h1 className="min-w-0 truncate max-sm:basis-full text-xl tracking-[-0.03em]" title={title}>
          {title}
        </h1>
        <StateBadge state={log.events ? log.state : (card?.state ?? "pending")} />
        {card?.whatif && <Mark>what-if: tools do not run</Mark>}
        <UndoneMark />
        <div className="ml-auto flex shrink-0 items-center gap-2">
          <RunActions />
        </div>
      </div>
      <dl className="mt-1.5 flex flex-wrap gap-x-5 gap-y-1 text-xs">
        <Fact name="Run">
          <RunId run={run} />
        </Fact>
        <Facts view={view} />
      </dl>
    </header>
  );
}

const LONGEST_TITLE = 300;

/** What the run was asked, in a line. */
function titleOf(asked: string | undefined): string {
  const line = asked?.split("\n", 20).find((each) => each.trim());
  return line?.trim().slice(0, LONGEST_TITLE) ?? "";
}

/** The id, which others ask for; the button copies it. */
function RunId({ run }: { run: string }) {
  return (
    <button
      type="button"
      title={`Copy ${run}`}
      aria-label={`Copy the id ${run}`}
      onClick={() => void copyText(run, "The id of the run is copied.")}
      className="-my-0.5 inline-flex max-w-full items-center gap-1 rounded-sm py-0.5 font-mono hover:text-info"
    >
      <span className="min-w-0 truncate">{run}</span>
      <Copy aria-hidden className="size-3 shrink-0 text-muted" />
    </button>
  );
}

function Mark(props: { children: ReactNode }) {
  return (
    <span className="rounded-sm bg-info-soft px-1.5 py-0.5 text-info text-xs">
      {props.children}
    </span>
  );
}

function Facts({ view }: { view: RunView }) {
  const { log, card } = view;
  const started = log.started?.at ?? card?.started;
  const agent = log.started?.agent ?? card?.agent;
  const session = log.started?.session ?? card?.session;
  const parent = log.started?.parent ?? card?.parent;
  const owner = log.started?.owner ?? card?.owner;
  const by = log.started?.by ?? card?.by;
  return (
    <>
      {agent && (
        <Fact name="Agent">
          <Link to="/runs" search={{ agent }} className="hover:underline">
            {agent}
          </Link>
        </Fact>
      )}
      <Fact name="Model">{log.model || card?.model || "–"}</Fact>
      <Fact name="Turns">{log.turn || card?.turn || 0}</Fact>
      <Fact name="Cost">
        <Cost micros={log.costMicros} unpriced={log.unpriced} />
      </Fact>
      <Fact name="Tokens" wide>
        {formatCount(log.tokens)}
      </Fact>
      {started !== undefined && (
        <Fact name={"Time"}>
          <Elapsed from={started} to={log.ended?.at ?? card?.ended} />
        </Fact>
      )}
      {started !== undefined && (
        <Fact name="Started">
          <Ago at={started} />
        </Fact>
      )}
      {(by || owner) && (
        <Fact name={owner && owner !== by ? "Owner" : "By"} wide>
          <By by={owner ?? by ?? ""} />
        </Fact>
      )}
      {session && (
        <Fact name="Session">
          <Link to="/runs" search={{ session }} className="hover:underline">
            {session}
          </Link>
        </Fact>
      )}
      {parent && (
        <Fact name="Fork of">
          <RunLink run={parent.run} /> at turn {parent.turn}
        </Fact>
      )}
      {card?.called_by && (
        <Fact name="Called by">
          <RunLink run={card.called_by.run} /> in turn {card.called_by.turn}
        </Fact>
      )}
      {(card?.forks.length ?? 0) > 0 && (
        <Fact name="Forks">
          <Forks forks={card?.forks ?? []} run={view.run} />
        </Fact>
      )}
    </>
  );
}

function Cost(props: { micros: number; unpriced: number }) {
  const { micros, unpriced } = props;
  if (unpriced === 0) return <>{formatMoney(micros)}</>;
  const why = `The price of ${unpriced} ${unpriced === 1 ? "reply is" : "replies is"} unknown.`;
  return <span title={why}>{micros > 0 ? `${formatMoney(micros)} or more` : "unknown"}</span>;
}

/** `wide`: left out where there is little room. */
function Fact(props: { name: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={cn("flex min-w-0 max-w-full gap-1.5", props.wide && "max-sm:hidden")}>
      <dt className="shrink-0 text-muted">{props.name}</dt>
      <dd className="min-w-0 truncate">{props.children}</dd>
    </div>
  );
}

export function RunLink({ run }: { run: string }) {
  return (
    <Link to="/runs/$run" params={{ run }} className="text-info hover:underline">
      {run}
    </Link>
  );
}

/** Counts while the run goes on; one clock for the page. */
function Elapsed(props: { from: number; to: number | null | undefined }) {
  const now = useNow();
  return <>{formatSeconds(Math.max(0, (props.to ?? now) - props.from))}</>;
}
