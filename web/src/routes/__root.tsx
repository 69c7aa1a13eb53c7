import { createRootRoute, Link } from "@tanstack/react-router";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { Frame } from "@/shell/frame";

export const Route = createRootRoute({
  component: Frame,
  notFoundComponent: () => (
    <EmptyState title="There is no such view">
      <Link to="/runs" className="text-info underline">
        Go to the runs
      </Link>
    </EmptyState>
  ),
  errorComponent: ({ error, reset }) => (
    <main className="mx-auto max-w-lg p-6">
      <ProblemCard error={error} retry={reset} />
    </main>
  ),
});
