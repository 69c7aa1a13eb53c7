import { Link } from "@tanstack/react-router";
import { GitFork, Split } from "lucide-react";
import type { WhatIfQuestion } from "@/parts/alternatives/read_question";
import { useMay } from "@/parts/roles";
import { View } from "@/parts/view";
import { Button } from "@/ui/button";
import { Asked } from "./asked";

const SHOWN = 20;

/** A what-if that this user has not asked in this browser: nothing starts by itself. */
export function AskedElsewhere(props: {
  /** undefined: it was too long for an address. */
  question: WhatIfQuestion | undefined;
  runs: readonly string[];
  onJoin: (question: WhatIfQuestion) => void;
}) {
  const { question, runs } = props;
  const may = useMay("operator");
  const total = question ? question.n * question.runs.length : 0;
  return (
    <View title="What if?">
      <div className="mx-auto flex max-w-xl flex-col gap-5 px-4 py-6 sm:px-6">
        {question && <Asked question={question} />}
        <p>
          This what-if was asked in another browser or by somebody else.{" "}
          {question
            ? "If it was you, the same question joins its forks and costs nothing more. Otherwise it starts forks of your own, whose model calls cost real money."
            : "Its question is too long for an address, so only that browser can show it as a whole."}
        </p>
        {question && (
          <div className="flex flex-wrap items-center gap-3">
            <Button tone="primary" disabled={!may} onClick={() => props.onJoin(question)}>
              <Split aria-hidden /> Ask the same ({total.toLocaleString("en")}{" "}
              {total === 1 ? "fork" : "forks"})
            </Button>
            {!may && <p className="text-muted text-xs">Asking needs the role operator.</p>}
          </div>
        )}
        {runs.length > 0 ? (
          <ul aria-label="Forks of its runs" className="flex flex-col gap-1.5 text-sm">
            {runs.slice(0, SHOWN).map((run) => (
              <li key={run} className="flex min-w-0 items-center gap-2">
                <GitFork aria-hidden className="size-3.5 shrink-0 text-muted" />
                <Link
                  to="/runs"
                  search={{ fork_of: run }}
                  className="min-w-0 truncate text-info hover:underline"
                >
                  All forks of {run}
                </Link>
              </li>
            ))}
            {runs.length > SHOWN && (
              <li className="text-muted text-xs">and of {runs.length - SHOWN} more runs</li>
            )}
          </ul>
        ) : (
          <Link to="/runs" className="text-info hover:underline">
            Its forks are in the list of runs
          </Link>
        )}
      </div>
    </View>
  );
}
