import { describeChange } from "@/parts/alternatives/changes";
import type { WhatIfQuestion } from "@/parts/alternatives/read_question";

/** What was asked, in words. */
export function Asked({ question }: { question: WhatIfQuestion }) {
  const { n, runs } = question;
  return (
    <div>
      <p className="text-lg tracking-[-0.02em]">
        {question.at === 0 ? "From the start" : `After turn ${question.at}`}, with{" "}
        {describeChange(question).join(", ") || "nothing changed"}
      </p>
      {question.hint && (
        <p className="mt-1 line-clamp-3 whitespace-pre-wrap break-words border-line border-l-2 pl-3 text-muted text-sm">
          {question.hint}
        </p>
      )}
      <p className="mt-1 text-muted text-xs">
        {n} {n === 1 ? "fork" : "forks"} of {runs.length === 1 ? "one run" : `${runs.length} runs`};{" "}
        {question.live_reads ? "reading tools may run" : "no tool runs"}
      </p>
    </div>
  );
}
