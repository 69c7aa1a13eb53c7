import { CircleCheck, LoaderCircle } from "lucide-react";
import { Problem } from "@/api/problem";
import { Badge } from "@/parts/desk/badge";
import { ErrorNote } from "@/parts/error_note";
import { formatSeconds } from "@/parts/figures";
import { ProblemCard } from "@/parts/problem_card";
import type { Test } from "./use_tests";

/** How a test of a model went. */
export function TestResult({ test }: { test: Test }) {
  return (
    <div role="status" className="mt-2">
      <Found test={test} />
    </div>
  );
}

function Found({ test }: { test: Test }) {
  if (test === "running") {
    return (
      <span className="inline-flex items-center gap-1.5 text-muted text-xs">
        <LoaderCircle aria-hidden className="size-3.5 animate-turn" /> Asking the model …
      </span>
    );
  }
  if (test instanceof Problem) return <ProblemCard error={test} />;
  const took = formatSeconds(test.ms / 1000);
  if (test.error) {
    return (
      <>
        <ErrorNote error={test.error} />
        <p className="mt-1 text-muted text-xs">After {took}.</p>
      </>
    );
  }
  return (
    <p className="flex flex-wrap items-center gap-x-3 text-muted text-xs">
      <Badge icon={CircleCheck} tone="good">
        answered in {took}
      </Badge>
      {test.answered_by && <span>by {test.answered_by}</span>}
      {test.usage && (
        <span>
          {test.usage.input} tokens in, {test.usage.output} out
        </span>
      )}
    </p>
  );
}
