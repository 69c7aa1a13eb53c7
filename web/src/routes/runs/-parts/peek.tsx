import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowUpRight, RotateCw, X } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { pendingQuery, runQuery } from "@/api/queries";
import { Ago } from "@/parts/ago";
import { By } from "@/parts/by";
import { formatCount, formatMoney, formatSeconds } from "@/parts/figures";
import { ProblemCard } from "@/parts/problem_card";
import { StateBadge } from "@/parts/state_badge";
import { Button, buttonLook } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Skeleton } from "@/ui/skeleton";
import type { RunRow } from "../-filters";
import { describeWaiting } from "./waiting";

const EVERY_MS = 2_000;
const MOST_TEXT = 4_000;

/** A run at a glance, beside the list. */
export default function Peek(props: { run: string; row: RunRow | undefined; onClose: () => void }) {
  const { run, row } = props;
  const isOpen = row ? row.ended == null : true;
  const card = useQuery({
    ...runQuery(run),
    refetchInterval: (query) =>
      isOpen && query.state.data?.ended == null && !query.state.error ? EVERY_MS : false,
  });
  const { refetch } = card;
  const state = row?.state;
  useEffect(() => {
    if (state) void refetch({ cancelRefetch: false });
  }, [state, refetch]);
  const { data } = card;
  return (
    <aside
      aria-label={`Peek at ${run}`}
      className="animate-slide-in absolute inset-y-0 right-0 z-20 flex w-full flex-col border-l bg-surface shadow-card sm:w-96 lg:static lg:shadow-none"
    >
      <header className="flex items-center gap-2 border-b px-4 py-2">
        {(data ?? row) && <StateBadge state={(data ?? row)?.state ?? "pending"} />}
        <span className="ml-auto" />
        <Link
          to="/runs/$run"
          params={{ run }}
          className={cn(buttonLook({ size: "sm", tone: "plain" }))}
        >
          Open <ArrowUpRight aria-hidden />
        </Link>
        <Button size="icon" tone="quiet" aria-label="Close the peek" onClick={props.onClose}>
          <X />
        </Button>
      </header>
      <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-auto p-4" tabIndex={-1}>
        {card.error && <ProblemCard error={card.error} />}
        <div>
          <p className="line-clamp-6 whitespace-pre-wrap break-words font-medium">
            {data?.asked ?? row?.asked ?? run}
          </p>
          <p className="mt-1 break-all font-mono text-muted text-xs">{run}</p>
        </div>
        {!data && !card.error && <Skeleton className="h-40" />}
        {data && <Card card={data} />}
      </div>
    </aside>
  );
}

type Card = NonNullable<Awaited<ReturnType<NonNullable<ReturnType<typeof runQuery>["queryFn"]>>>>;

function Card({ card }: { card: Card }) {
  const { totals } = card;
  const tokens = totals.usage.input + totals.usage.output;
  return (
    <>
      {card.state === "waiting" && <Waiting run={card.run} owner={card.owner} />}
      {card.retries?.map((retry) => (
        <p
          key={`${retry.activity} ${retry.failed}`}
          className="flex gap-2 rounded-md bg-warn-soft p-2.5 text-warn text-xs"
        >
          <RotateCw aria-hidden className="size-3.5 shrink-0" />
          <span className="break-words">
            Attempt {retry.failed} of {retry.kind} failed and is retried: {retry.error.message}
          </span>
        </p>
      ))}
      {card.stuck && <Note tone="bad">{card.stuck}</Note>}
      {card.error && (
        <Note tone="bad">
          {card.error.message}
          <span className="mt-1 block font-mono">{card.error.code}</span>
        </Note>
      )}
      {card.doing && <Note tone="plain">Now: {card.doing}</Note>}
      {card.said && (
        <section>
          <h2 className="mb-1 text-muted text-xs">Latest reply</h2>
          <p className="whitespace-pre-wrap break-words">
            {card.said.slice(0, MOST_TEXT)}
            {card.said.length > MOST_TEXT && "…"}
          </p>
        </section>
      )}
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-xs [&>dd]:break-words [&>dt]:text-muted">
        <dt>Agent</dt>
        <dd>{card.agent}</dd>
        <dt>Model</dt>
        <dd>{card.model}</dd>
        <dt>Turns</dt>
        <dd>
          {totals.turns}, {totals.tool_calls} tool calls
        </dd>
        <dt>Tokens</dt>
        <dd>{formatCount(tokens)}</dd>
        <dt>Cost</dt>
        <dd>{formatMoney(totals.cost_micros)}</dd>
        {card.started != null && (
          <>
            <dt>Started</dt>
            <dd>
              <Ago at={card.started} />
              {card.by && (
                <>
                  {" "}
                  by <By by={card.by} />
                </>
              )}
            </dd>
          </>
        )}
        {card.started != null && card.ended != null && (
          <>
            <dt>Time</dt>
            <dd>{formatSeconds(card.ended - card.started)}</dd>
          </>
        )}
        {card.reason && (
          <>
            <dt>Reason</dt>
            <dd>{card.reason}</dd>
          </>
        )}
      </dl>
    </>
  );
}

function Waiting(props: { run: string; owner: string | null | undefined }) {
  const pending = useQuery(pendingQuery(props.run));
  return (
    <section className="flex flex-col gap-1 rounded-md border border-warn/40 bg-warn-soft p-2.5 text-xs">
      {pending.data?.map((item) => (
        <p key={item.id} className="break-words">
          <span className="font-medium text-warn">
            {describeWaiting([item], props.owner)?.text}
          </span>
          <span className="block">{item.question}</span>
        </p>
      ))}
      <Link to="/runs/$run" params={{ run: props.run }} className="text-info underline">
        Open the run to decide
      </Link>
    </section>
  );
}

function Note(props: { tone: "bad" | "plain"; children: ReactNode }) {
  return (
    <p
      className={cn(
        "break-words rounded-md p-2.5 text-xs",
        props.tone === "bad" ? "bg-bad-soft text-bad" : "bg-sunken text-ink",
      )}
    >
      {props.children}
    </p>
  );
}
