import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { meQuery } from "@/api/queries";
import { findQuestion, keepQuestion } from "@/parts/alternatives/question";
import type { WhatIfQuestion } from "@/parts/alternatives/read_question";
import { EmptyState } from "@/parts/empty_state";
import { View } from "@/parts/view";
import { SkeletonRows } from "@/ui/skeleton";
import { AskForm } from "./ask_form";
import { AskedElsewhere } from "./asked_elsewhere";
import { WhatIfResult } from "./result";

/** A what-if: its question, or how it goes and what came of it. */
export default function WhatIfPage(props: {
  runs: readonly string[];
  asked?: string | undefined;
  /** As the address has it. */
  ask?: WhatIfQuestion | undefined;
}) {
  const { asked, ask, runs } = props;
  const user = useQuery(meQuery).data?.user;
  const [joined, setJoined] = useState<string>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `joined` has kept it
  const question = useMemo(
    () => (asked && user !== undefined ? findQuestion(asked, user) : null),
    [asked, user, joined],
  );
  if (!asked) return runs.length > 0 ? <AskForm key={runs.join()} runs={runs} /> : <NoRuns />;
  if (user === undefined) return <SkeletonRows rows={6} />;
  const shown = question ?? (joined === asked ? ask : undefined);
  if (shown) return <WhatIfResult key={asked} asked={asked} question={shown} />;
  return (
    <AskedElsewhere
      question={ask}
      runs={ask?.runs ?? runs}
      onJoin={(known) => {
        keepQuestion(asked, known, user);
        setJoined(asked);
      }}
    />
  );
}

function NoRuns() {
  return (
    <View title="What if?">
      <EmptyState
        title="No runs are selected"
        action={
          <Link to="/runs" className="text-info hover:underline">
            Go to the runs
          </Link>
        }
      >
        Select runs in the list, or open a run and choose “What if” at one of its steps.
      </EmptyState>
    </View>
  );
}
