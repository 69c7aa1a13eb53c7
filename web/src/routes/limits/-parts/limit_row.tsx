import { Link } from "@tanstack/react-router";
import { ChevronRight, CircleCheck, CirclePause, Hourglass } from "lucide-react";
import { useState } from "react";
import { Badge } from "@/parts/desk/badge";
import { UseBar } from "@/parts/desk/use_bar";
import { formatCount, formatSeconds } from "@/parts/figures";
import { cn } from "@/ui/cn";
import {
  describePast,
  type Gauge,
  gaugesOf,
  type Limit,
  type LimitCall,
  namePriority,
} from "../-limits";

/** A limit or a pool: how much of it is used, and who waits. */
export function LimitRow({ limit }: { limit: Limit }) {
  const [open, setOpen] = useState(false);
  const calls = limit.users.length + limit.queue.length;
  return (
    <li className="px-4 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="min-w-0 truncate font-medium">{limit.name}</span>
        <State limit={limit} />
        {calls > 0 && (
          <button
            type="button"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            className="ml-auto flex min-h-8 items-center gap-1 rounded-sm text-muted text-xs hover:text-ink"
          >
            <ChevronRight aria-hidden className={cn("size-3.5", open && "rotate-90")} />
            {calls} {calls === 1 ? "call" : "calls"}
            <span className="sr-only"> of {limit.name}</span>
          </button>
        )}
      </div>
      <div className="mt-2 grid gap-x-6 gap-y-2 sm:grid-cols-2 lg:grid-cols-3">
        {gaugesOf(limit).map((gauge) => (
          <Meter key={gauge.name} gauge={gauge} of={limit.name} />
        ))}
      </div>
      <p className="mt-2 text-muted text-xs">
        {describePast(limit, formatSeconds)}
        {limit.refused > 0 && `; the provider refused ${formatCount(limit.refused)}`}.
      </p>
      {open && calls > 0 && (
        <div className="mt-3 grid gap-4 md:grid-cols-2">
          <Calls title="In progress" calls={limit.users} />
          <Calls title="Waiting, next first" calls={limit.queue} />
        </div>
      )}
    </li>
  );
}

function State({ limit }: { limit: Limit }) {
  if (limit.closed_seconds != null) {
    return (
      <Badge icon={CirclePause} tone="bad">
        no calls for {formatSeconds(limit.closed_seconds)}: the provider refused one
      </Badge>
    );
  }
  if (limit.waiting > 0) {
    return (
      <Badge icon={Hourglass} tone="warn">
        {formatCount(limit.waiting)} {limit.waiting === 1 ? "call waits" : "calls wait"}
      </Badge>
    );
  }
  return (
    <Badge icon={CircleCheck} tone="good">
      nothing waits
    </Badge>
  );
}

function Meter({ gauge, of }: { gauge: Gauge; of: string }) {
  return (
    <div>
      <p className="mb-1 flex justify-between gap-3 text-xs">
        <span className="text-muted">{gauge.name}</span>
        <span>
          {formatCount(gauge.used)}
          <span className="text-muted"> of {formatCount(gauge.limit)}</span>
        </span>
      </p>
      <UseBar label={`${gauge.name} of ${of}`} spent={gauge.used} limit={gauge.limit} />
      {gauge.reported !== undefined && (
        <p className="mt-1 text-muted text-xs">
          The provider names {formatCount(gauge.reported)} as its limit.
        </p>
      )}
    </div>
  );
}

function Calls(props: { title: string; calls: readonly LimitCall[] }) {
  if (props.calls.length === 0) return null;
  return (
    <div className="min-w-0">
      <h3 className="mb-1 font-medium text-muted text-xs tracking-normal">{props.title}</h3>
      <ol className="divide-y divide-line-soft rounded-md border border-line-soft bg-canvas">
        {props.calls.map((each, place) => (
          <li key={place} className="flex flex-wrap items-baseline gap-x-3 px-3 py-2 text-xs">
            {each.run ? (
              <Link
                to="/runs/$run"
                params={{ run: each.run }}
                className="min-w-0 truncate text-info hover:underline"
              >
                {each.run}
              </Link>
            ) : (
              <span className="text-muted">a run of somebody else</span>
            )}
            <span className="min-w-0 truncate text-muted">{each.what}</span>
            <span className="ml-auto whitespace-nowrap text-muted">
              {namePriority(each.priority) && `${namePriority(each.priority)}, `}
              {formatSeconds(each.seconds)}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
