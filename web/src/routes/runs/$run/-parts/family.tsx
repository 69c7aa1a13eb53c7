import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { runQuery } from "@/api/queries";
import { formatMoney } from "@/parts/figures";
import { StateBadge } from "@/parts/state_badge";
import { cn } from "@/ui/cn";
import { CalledRuns } from "./called_runs";

/** How far up and down the tree is opened at once. */
const MOST_UP = 5;

/** Where the run came from, what was forked from it, the runs that its calls started, and the runs of
 * its session. */
export function Family({ card }: { card: Schemas["RunCard"] }) {
  const called = card.called_by != null || card.children.length > 0;
  const alone = !card.parent && card.forks.length === 0 && !card.session && !called;
  if (alone) {
    return (
      <p className="text-muted">
        None: this run is not a fork, has no forks or session, and no call of an agent started it or
        was made by it.
      </p>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      {called && <CalledRuns card={card} />}
      {(card.parent || card.forks.length > 0) && (
        <ul>
          <Above card={card} left={MOST_UP}>
            <Node run={card.run} here open />
          </Above>
        </ul>
      )}
      {card.session && <SessionRuns session={card.session} run={card.run} />}
    </div>
  );
}

/** The runs that a run was forked from, around it. */
function Above(props: { card: Schemas["RunCard"]; left: number; children: ReactNode }) {
  const { parent } = props.card;
  const above = useQuery({ ...runQuery(parent?.run ?? ""), enabled: parent != null });
  if (!parent || props.left === 0) return <>{props.children}</>;
  const node = (
    <Branch line={<Line run={parent.run} note={`forked at turn ${parent.turn}`} />}>
      {props.children}
    </Branch>
  );
  if (!above.data) return node;
  return (
    <Above card={above.data} left={props.left - 1}>
      {node}
    </Above>
  );
}

function Branch(props: { line: ReactNode; children: ReactNode }) {
  return (
    <li>
      {props.line}
      <ul className="ml-2 border-line border-l pl-4">{props.children}</ul>
    </li>
  );
}

/** A run with its forks; those of forks are read when they are opened. */
function Node(props: { run: string; here?: boolean; open?: boolean }) {
  const [open, setOpen] = useState(props.open ?? false);
  const { data } = useQuery(runQuery(props.run));
  const forks = data?.forks ?? [];
  return (
    <li>
      <span className="flex items-center">
        <Line run={props.run} here={props.here ?? false} />
        {forks.length > 0 && (
          <button
            type="button"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            className="ml-2 flex items-center gap-1 rounded-sm text-muted text-xs hover:text-ink"
          >
            <ChevronRight aria-hidden className={cn("size-3.5", open && "rotate-90")} />
            {forks.length} {forks.length === 1 ? "fork" : "forks"}
          </button>
        )}
      </span>
      {open && forks.length > 0 && (
        <ul className="ml-2 border-line border-l pl-4">
          {forks.map((fork) => (
            <Node key={fork} run={fork} />
          ))}
        </ul>
      )}
    </li>
  );
}

function Line(props: { run: string; note?: string; here?: boolean }) {
  const { data } = useQuery(runQuery(props.run));
  return (
    <span className="flex min-h-8 min-w-0 flex-wrap items-center gap-x-3">
      {props.here ? (
        <span aria-current="page" className="truncate font-medium">
          {props.run}
        </span>
      ) : (
        <Link
          to="/runs/$run"
          params={{ run: props.run }}
          className="truncate text-info hover:underline"
        >
          {props.run}
        </Link>
      )}
      {data && <StateBadge state={data.state} />}
      {data && (
        <span className="text-muted text-xs">
          {data.turn} turns, {formatMoney(data.totals.cost_micros)}
        </span>
      )}
      {props.note && <span className="text-muted text-xs">{props.note}</span>}
    </span>
  );
}

function SessionRuns(props: { session: string; run: string }) {
  const { session } = props;
  const runs = useQuery({
    queryKey: ["runs", "of session", session],
    queryFn: async () =>
      (await call(api.GET("/api/v1/runs", { params: { query: { session } } }))).runs,
  });
  return (
    <div>
      <p className="text-muted text-xs">
        Session{" "}
        <Link to="/runs" search={{ session }} className="text-info hover:underline">
          {session}
        </Link>
      </p>
      <ol>
        {[...(runs.data ?? [])].reverse().map((each) => (
          <li key={each.id} className="flex min-h-8 flex-wrap items-center gap-x-3">
            {each.id === props.run ? (
              <span aria-current="page" className="truncate font-medium">
                {each.id}
              </span>
            ) : (
              <Link
                to="/runs/$run"
                params={{ run: each.id }}
                className="truncate text-info hover:underline"
              >
                {each.id}
              </Link>
            )}
            <StateBadge state={each.state} />
          </li>
        ))}
      </ol>
    </div>
  );
}
