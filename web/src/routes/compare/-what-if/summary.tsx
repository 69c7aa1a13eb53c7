import type { ReactNode } from "react";
import { formatCount, formatMoney, formatSeconds } from "@/parts/figures";
import { medianFigures } from "./fold";
import type { SourceOutcome } from "./types";
import { VERDICTS, VerdictMark } from "./verdict";

/** All forks in figures, beside the runs themselves. */
export function Summary({ sources }: { sources: readonly SourceOutcome[] }) {
  const forks = sources.flatMap((each) => each.forks);
  const before = medianFigures(sources.flatMap((each) => (each.was ? [each.was] : [])));
  const after = medianFigures(forks);
  if (!after || !before) return null;
  return (
    <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      <Figure name="Outcomes">
        <span className="flex flex-col gap-0.5">
          {VERDICTS.map((verdict) => (
            <VerdictMark
              key={verdict}
              verdict={verdict}
              count={forks.filter((fork) => fork.verdict === verdict).length}
            />
          ))}
        </span>
      </Figure>
      <Figure name="Median cost">
        <Change before={formatMoney(before.cost)} after={formatMoney(after.cost)} />
      </Figure>
      <Figure name="Median tokens">
        <Change before={formatCount(before.tokens)} after={formatCount(after.tokens)} />
      </Figure>
      <Figure name="Median time, with waits for people">
        <Change before={formatSeconds(before.seconds)} after={formatSeconds(after.seconds)} />
      </Figure>
    </dl>
  );
}

function Figure(props: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0 rounded-md border bg-surface p-3">
      <dt className="mb-1 text-muted text-xs">{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Change(props: { before: string; after: string }) {
  return (
    <span className="flex flex-wrap items-baseline gap-x-2">
      <span className="text-base">{props.after}</span>
      <span className="text-muted text-xs">was {props.before}</span>
    </span>
  );
}
