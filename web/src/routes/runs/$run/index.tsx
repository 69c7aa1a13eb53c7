import { useQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { runQuery } from "@/api/queries";
import { useRunLog } from "@/events/use_run_log";
import { ProblemCard } from "@/parts/problem_card";
import { StateBadge } from "@/parts/state_badge";
import { View } from "@/parts/view";
import { StepList } from "./-parts/step_list";

export const Route = createFileRoute("/runs/$run/")({
  component: () => {
    const { run } = Route.useParams();
    return <RunView key={run} run={run} />;
  },
});

function RunView({ run }: { run: string }) {
  const card = useQuery(runQuery(run));
  const { log, version, problem } = useRunLog(run);
  const error = problem ?? card.error;
  return (
    <View
      title={run}
      lead={<StateBadge state={log.events ? log.state : (card.data?.state ?? "pending")} />}
    >
      {error && <ProblemCard className="m-4" error={error} />}
      <StepList steps={log.steps} version={version} />
    </View>
  );
}
