import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { EmptyState } from "@/parts/empty_state";
import { View } from "@/parts/view";
import { AskForm } from "./ask_form";
import { findQuestion } from "./question";
import { WhatIfResult } from "./result";

/** A what-if: its question, or how it goes and what came of it. */
export default function WhatIfPage(props: { runs: readonly string[]; asked?: string | undefined }) {
  const { asked } = props;
  const question = useMemo(() => (asked ? findQuestion(asked) : null), [asked]);
  if (asked && question) return <WhatIfResult key={asked} asked={asked} question={question} />;
  if (props.runs.length > 0 && !asked) return <AskForm runs={props.runs} />;
  return (
    <View title="What if?">
      <EmptyState
        title={asked ? "This what-if was asked in another tab" : "No runs are selected"}
        action={
          <Link to="/runs" className="text-info hover:underline">
            Go to the runs
          </Link>
        }
      >
        {asked
          ? "Only the tab that asked knows its question. Its forks are in the list of runs."
          : "Select runs in the list, or open a run and choose “What if” at one of its steps."}
      </EmptyState>
    </View>
  );
}
