import { Link } from "@tanstack/react-router";
import { Columns2 } from "lucide-react";
import { Problem } from "@/api/problem";
import { ProblemCard } from "@/parts/problem_card";
import { describeCalls } from "./fold";
import { OutcomeRow } from "./outcome_row";
import type { ForkOutcome, SourceOutcome } from "./types";
import { VerdictMark } from "./verdict";

/** One run, and what came of its forks. `missing`: how many are still to come. */
export function SourceCard(props: { source: SourceOutcome; missing: number }) {
  const { source } = props;
  return (
    <section aria-label={source.source} className="overflow-hidden rounded-lg border bg-surface">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b px-4 py-2.5">
        <h2 className="min-w-0 truncate text-sm">
          <Link to="/runs/$run" params={{ run: source.source }} className="hover:underline">
            {source.source}
          </Link>
        </h2>
        <span className="text-muted text-xs">
          {source.recorded} recorded {source.recorded === 1 ? "result" : "results"} to play back
        </span>
      </header>
      {source.error && <ProblemCard className="m-3" error={problemOf(source.error)} />}
      <ol className="divide-y divide-line-soft">
        {source.was && (
          <OutcomeRow outcome={source.was} lead={<span className="text-xs">the run itself</span>} />
        )}
        {source.forks.map((fork) => (
          <ForkRow key={fork.run} fork={fork} source={source} />
        ))}
      </ol>
      {props.missing > 0 && !source.error && (
        <p className="animate-pulse-soft px-4 py-2 text-muted text-xs">
          {props.missing} still to come
        </p>
      )}
    </section>
  );
}

function problemOf(error: NonNullable<SourceOutcome["error"]>): Problem {
  const { message: detail, code, fix } = error;
  return new Problem({ detail, code, ...(fix ? { fix } : {}) }, 400);
}

function ForkRow({ fork, source }: { fork: ForkOutcome; source: SourceOutcome }) {
  return (
    <OutcomeRow
      outcome={fork}
      {...(source.was ? { was: source.was } : {})}
      lead={
        <>
          <VerdictMark verdict={fork.verdict} />
          <span className="block text-muted text-xs">{describeCalls(fork)}</span>
        </>
      }
      links={
        <span className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
          <Link
            to="/runs/$run"
            params={{ run: fork.run }}
            className="min-w-0 break-all text-info hover:underline"
          >
            Open {fork.run}
          </Link>
          <Link
            to="/compare"
            search={{ left: source.source, right: fork.run }}
            className="inline-flex items-center gap-1 text-info hover:underline"
          >
            <Columns2 aria-hidden className="size-3.5" /> Compare with the run
          </Link>
        </span>
      }
    />
  );
}
