import { Link } from "@tanstack/react-router";
import { Problem } from "@/api/problem";
import { ProblemCard } from "@/parts/problem_card";
import { View } from "@/parts/view";
import { Button, buttonLook } from "@/ui/button";

/** Stands in place of a run of which nothing could be read. */
export function RunProblem(props: { run: string; error: unknown; retry: () => void }) {
  const { kind, code } = Problem.of(props.error);
  const isMissing = code === "run.not_found";
  const mayPass = kind === "offline" || kind === "server" || kind === "busy";
  return (
    <View title={isMissing ? "There is no such run" : "The run cannot be shown"}>
      <div className="mx-auto flex max-w-lg flex-col gap-4 px-4 py-10 sm:px-6">
        {isMissing ? (
          <p className="break-words">
            There is no run <strong className="font-medium">{props.run}</strong>, or it belongs to
            somebody else.
          </p>
        ) : (
          <ProblemCard error={props.error} />
        )}
        <p className="flex flex-wrap gap-2">
          {mayPass && (
            <Button tone="primary" onClick={props.retry}>
              Try again
            </Button>
          )}
          <Link to="/runs" className={buttonLook()}>
            Go to the runs
          </Link>
        </p>
      </div>
    </View>
  );
}
