import { CircleCheck, CircleStop, LoaderCircle } from "lucide-react";
import type { WhatIfQuestion } from "@/parts/alternatives/read_question";
import { useCommands } from "@/parts/commands";
import { ProblemCard } from "@/parts/problem_card";
import { View } from "@/parts/view";
import { Button } from "@/ui/button";
import { ProgressBar } from "@/ui/progress_bar";
import { Asked } from "./asked";
import { SourceCard } from "./source_card";
import { Summary } from "./summary";
import { useWhatIf, type WhatIfRun } from "./use_what_if";

/** How a what-if goes, and what came of it. */
export function WhatIfResult({ asked, question }: { asked: string; question: WhatIfQuestion }) {
  const whatIf = useWhatIf(asked, question);
  const { now, state } = whatIf;
  const going = state === "running";
  const title = "Abort the forks";
  useCommands(
    going
      ? [{ id: "stop-what-if", title, group: "What if", icon: CircleStop, run: whatIf.stop }]
      : [],
  );
  return (
    <View
      title="What if?"
      actions={
        going && (
          <Button
            size="sm"
            tone="danger"
            disabled={whatIf.stopping || now.started.size === 0}
            onClick={whatIf.stop}
          >
            <CircleStop aria-hidden /> {title}
          </Button>
        )
      }
    >
      <div className="mx-auto flex max-w-5xl flex-col gap-5 px-4 py-5 sm:px-6">
        <Asked question={question} />
        <Progress whatIf={whatIf} question={question} />
        {whatIf.error !== null && <ProblemCard error={whatIf.error} retry={whatIf.again} />}
        {now.sources.length > 0 && <Summary sources={now.sources} />}
        {now.sources.map((source) => (
          <SourceCard
            key={source.source}
            source={source}
            missing={going ? question.n - source.forks.length : 0}
          />
        ))}
      </div>
    </View>
  );
}

function Progress({ whatIf, question }: { whatIf: WhatIfRun; question: WhatIfQuestion }) {
  const { now, state } = whatIf;
  const failed = now.sources.filter((each) => each.error).length;
  const total = question.n * (question.runs.length - failed);
  return (
    <div role="status" className="flex flex-col gap-2 text-sm">
      {state === "running" && (
        <>
          <p className="flex flex-wrap items-center gap-x-2">
            <LoaderCircle aria-hidden className="size-4 animate-turn text-info" />
            {now.ended} of {total} forks have ended
            <span className="text-muted text-xs">
              {now.started.size} started; they go on when you leave
            </span>
          </p>
          <ProgressBar done={now.ended} total={Math.max(1, total)} label="Forks" />
        </>
      )}
      {state === "done" && (
        <p className="flex items-center gap-2">
          <CircleCheck aria-hidden className="size-4 text-good" />
          {now.ended} {now.ended === 1 ? "fork has" : "forks have"} ended
        </p>
      )}
    </div>
  );
}
