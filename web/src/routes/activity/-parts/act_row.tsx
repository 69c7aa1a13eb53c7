import { Link } from "@tanstack/react-router";
import { By, nameOf } from "@/parts/by";
import { useClock } from "@/parts/time_zone";
import { type Act, readSearch, stepOf } from "../-acts";
import { ICONS } from "./kind_icons";
import { KINDS } from "./kind_words";

/** One act: who, what, to which run, and when. A what-if is shown at the run that it asks about. */
export function ActRow({ act, count }: { act: Act; count: number }) {
  const { zone, formatTime } = useClock();
  const isWhatIf = act.kind === "whatif_started" && act.subject != null;
  const run = isWhatIf ? act.subject : act.run;
  const words = KINDS[act.kind];
  const Icon = ICONS[act.kind];
  return (
    <li className="flex items-start gap-3 px-4 py-2.5">
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-1.5">
          {act.by && (
            <Link
              to="/activity"
              search={(now) => ({ ...readSearch(now), user: nameOf(act.by ?? "") })}
              className="font-medium hover:underline"
            >
              <By by={act.by} />
            </Link>
          )}
          <span className={act.by ? "text-muted" : "font-medium first-letter:uppercase"}>
            {words}
            {isWhatIf && " about"}
          </span>
          {act.subject && !act.run && (
            <span className="break-all font-mono text-xs">{act.subject}</span>
          )}
          {run && (
            <Link
              to="/runs/$run"
              params={{ run }}
              {...(stepOf(act) ? { hash: stepOf(act) ?? "" } : {})}
              className="min-w-0 max-w-full truncate underline decoration-line underline-offset-2 hover:decoration-ink"
            >
              {run}
            </Link>
          )}
        </p>
        {isWhatIf && (
          <Link
            to="/runs"
            search={{ fork_of: run ?? "" }}
            className="text-muted text-xs hover:underline"
          >
            {count} {count === 1 ? "fork" : "forks"}
          </Link>
        )}
        {act.detail && <p className="line-clamp-2 break-words text-muted text-xs">{act.detail}</p>}
      </div>
      <time
        dateTime={act.at}
        title={formatTime(Date.parse(act.at) / 1000)}
        className="shrink-0 text-muted text-xs leading-5"
      >
        {formatClock(act.at, zone)}
      </time>
    </li>
  );
}

function formatClock(at: string, zone: string | undefined): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeStyle: "medium",
    ...(zone ? { timeZone: zone } : {}),
  }).format(new Date(at));
}
