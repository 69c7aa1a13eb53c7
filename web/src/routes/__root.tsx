import { createRootRoute, Link } from "@tanstack/react-router";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { View } from "@/parts/view";
import { Frame } from "@/shell/frame";

export const Route = createRootRoute({
  component: Frame,
  notFoundComponent: () => (
    <View title="Not found">
      <EmptyState title="There is no such view">
        <Link to="/runs" className="text-info underline">
          Go to the runs
        </Link>
      </EmptyState>
    </View>
  ),
  errorComponent: ({ error, reset }) => (
    <main className="mx-auto max-w-lg p-6">
      <ProblemCard error={error} retry={reset} />
    </main>
  ),
});
