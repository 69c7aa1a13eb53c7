import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Schemas } from "@/api/client";
import { runQuery } from "@/api/queries";
import { formatMoney } from "@/parts/figures";
import { StateBadge } from "@/parts/state_badge";
import { cn } from "@/ui/cn";

type Card = Schemas["RunCard"];
type Child = Schemas["ChildRun"];

/** The run whose call started this one, around it, and the runs that its own calls started. */
export function CalledRuns({ card }: { card: Card }) {
  return (
    <div>
      <p className="text-muted text-xs">Agents called as tools</p>
      <ul>
        <Callers card={card}>
          <li>
            <span className="flex min-h-8 min-w-0 flex-wrap items-center gap-x-3">
              <span aria-current="page" className="truncate font-medium">
                {card.run}
              </span>
              <StateBadge state={card.state} />
              <span className="text-muted text-xs">{card.agent}</span>
            </span>
            <Children list={card.children} />
          </li>
        </Callers>
      </ul>
    </div>
  );
}

/** A run has at most three levels above it. */
function Callers(props: { card: Card; children: ReactNode }) {
  const { called_by: by } = props.card;
  const above = useQuery({ ...runQuery(by?.run ?? ""), enabled: by != null });
  if (!by) return <>{props.children}</>;
  const node = (
    <li>
      <span className="flex min-h-8 min-w-0 flex-wrap items-center gap-x-3">
        <RunLink run={by.run} />
        {above.data && <StateBadge state={above.data.state} />}
        <span className="text-muted text-xs">
          {above.data?.agent} called it in turn {by.turn}
        </span>
      </span>
      <ul className="ml-2 border-line border-l pl-4">{props.children}</ul>
    </li>
  );
  return above.data ? <Callers card={above.data}>{node}</Callers> : node;
}

function Children({ list }: { list: readonly Child[] }) {
  if (list.length === 0) return null;
  return (
    <ul className="ml-2 border-line border-l pl-4">
      {list.map((child) => (
        <ChildNode key={child.run} child={child} />
      ))}
    </ul>
  );
}

/** A child; its own children are read when they are asked for. */
function ChildNode({ child }: { child: Child }) {
  const [open, setOpen] = useState(false);
  const { data } = useQuery({ ...runQuery(child.run), enabled: open });
  const turn = `${child.agent}, in turn ${child.turn}`;
  return (
    <li>
      <span className="flex min-h-8 min-w-0 flex-wrap items-center gap-x-3">
        <RunLink run={child.run} />
        <StateBadge state={child.state ?? "running"} />
        <span className="text-muted text-xs">
          {turn}
          {child.totals &&
            `: ${child.totals.turns} turns, ${formatMoney(child.totals.cost_micros)}`}
        </span>
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="flex items-center gap-1 rounded-sm text-muted text-xs hover:text-ink"
        >
          <ChevronRight aria-hidden className={cn("size-3.5", open && "rotate-90")} />
          its calls<span className="sr-only"> of agents, {child.run}</span>
        </button>
      </span>
      {open && data && data.children.length === 0 && (
        <p className="ml-2 border-line border-l pl-4 text-muted text-xs">It called no agent.</p>
      )}
      {open && data && <Children list={data.children} />}
    </li>
  );
}

function RunLink({ run }: { run: string }) {
  return (
    <Link to="/runs/$run" params={{ run }} className="truncate text-info hover:underline">
      {run}
    </Link>
  );
}
