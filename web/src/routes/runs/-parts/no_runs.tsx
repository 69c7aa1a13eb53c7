import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { agentsQuery } from "@/api/queries";
import { EmptyState } from "@/parts/empty_state";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { changeSearch } from "../-filters";

/** Why the list is empty, and what to do. */
export default function NoRuns(props: { filtered: boolean; archived: boolean }) {
  if (props.filtered) {
    return (
      <EmptyState
        title="No run matches"
        action={
          <Link
            to="/runs"
            search={props.archived ? { archived: true } : {}}
            className="text-info underline"
          >
            Remove the filters
          </Link>
        }
      />
    );
  }
  if (props.archived) {
    return (
      <EmptyState title="The archive is empty">
        Workers seal runs that have ended. Sealed runs stay here when Temporal has deleted them.
      </EmptyState>
    );
  }
  return <FirstRun />;
}

function FirstRun() {
  const mayStart = useMay("operator");
  const agents = useQuery(agentsQuery);
  const navigate = useNavigate();
  if (agents.data?.length === 0) {
    return (
      <EmptyState title="No agent is published yet">
        A worker publishes the agents that it serves. Start one with{" "}
        <code className="font-mono text-ink">harness serve agents.py</code>, where{" "}
        <code className="font-mono text-ink">agents.py</code> declares your agents.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="No runs yet"
      action={
        mayStart && (
          <Button
            tone="primary"
            onClick={() =>
              void navigate({ to: "/runs", search: changeSearch((now) => ({ ...now, start: "" })) })
            }
          >
            Start a run
          </Button>
        )
      }
    >
      Runs appear here as they begin, also those that{" "}
      <code className="font-mono text-ink">harness run</code> and your programs start.
    </EmptyState>
  );
}
