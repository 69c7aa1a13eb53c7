import { queryOptions, useQuery } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { api, call, type Schemas } from "@/api/client";
import { attemptsOf, type ModelStep, type ToolStep } from "@/events/steps";
import type { Retry } from "@/events/types";
import { useNow } from "./ago";
import { formatSeconds } from "./figures";
import { useClock } from "./time_zone";

export type Attempt = Schemas["Attempt"];

/** The log of failed attempts. */
export function attemptsQuery(run: string) {
  return queryOptions({
    queryKey: ["run", run, "attempts"],
    queryFn: async () => {
      const params = { path: { run } };
      return (await call(api.GET("/api/v1/runs/{run}/attempts", { params }))).attempts;
    },
    staleTime: 5_000,
  });
}

/** The failed attempts of a step, by the log. */
export function attemptsFor(
  step: ModelStep | ToolStep,
  log: readonly Attempt[],
): readonly Attempt[] {
  const kind = step.kind === "model" ? "call_model" : "run_tool";
  const id = step.kind === "model" ? String(step.call) : step.callId;
  const until = step.ended ?? Number.POSITIVE_INFINITY;
  return log.filter(
    (each) =>
      each.kind === kind &&
      each.turn === step.turn &&
      each.call === id &&
      each.ended >= step.at - 1 &&
      each.started <= until,
  );
}

/** Attempts that failed before, and when the next one begins. */
export function AttemptList({ run, step }: { run: string; step: ModelStep | ToolStep }) {
  const failed = attemptsOf(step) > 1 || step.retries.length > 0;
  // Each retry asks again: the query is the same, its age is not.
  const log = useQuery({ ...attemptsQuery(run), enabled: failed });
  if (!failed) return null;
  const known = attemptsFor(step, log.data ?? []);
  const numbers = new Set(known.map((each) => each.attempt));
  const others = step.retries.filter((each) => !numbers.has(each.failed));
  const next = step.retries.at(-1);
  const last = step.kind === "model" ? step.reply?.last_failure : step.result?.last_failure;
  return (
    <ol className="flex flex-col gap-1 border-warn/50 border-l-2 pl-3 text-xs">
      {known.map((each) => (
        <Line
          key={`${each.run_id} ${each.activity} ${each.attempt}`}
          number={each.attempt}
          message={each.message}
          code={each.code}
          at={each.ended}
          seconds={each.ended - each.started}
        />
      ))}
      {others.map((each) => (
        <Line
          key={`${each.activity} ${each.failed}`}
          number={each.failed}
          message={each.error.message}
          code={each.error.code}
        />
      ))}
      {known.length + others.length === 0 && last && (
        <Line number={attemptsOf(step) - 1} message={last} />
      )}
      {next && <NextAttempt retry={next} />}
    </ol>
  );
}

function Line(props: {
  number: number;
  message: string;
  code?: string | null | undefined;
  at?: number;
  seconds?: number;
}) {
  const { formatTime } = useClock();
  return (
    <li className="min-w-0">
      <span className="font-medium text-warn">Attempt {props.number} failed</span>
      {props.at !== undefined && (
        <span className="text-muted" title={formatTime(props.at)}>
          {props.seconds !== undefined && ` after ${formatSeconds(props.seconds)}`}
        </span>
      )}
      <span className="break-words">: {props.message}</span>
      {props.code && <span className="ml-1.5 font-mono text-muted">{props.code}</span>}
    </li>
  );
}

/** Counts down to the next attempt. */
function NextAttempt({ retry }: { retry: Retry }) {
  const now = useNow();
  const left = retry.next_at == null ? 0 : Math.ceil(retry.next_at - now);
  const of = retry.attempts ? ` of ${retry.attempts}` : "";
  return (
    <li className="flex items-center gap-1.5 font-medium text-info" role="status">
      <RotateCcw aria-hidden className="size-3.5" />
      Attempt {retry.failed + 1}
      {of} {left > 0 ? `begins in ${formatSeconds(left)}` : "is running"}
    </li>
  );
}
