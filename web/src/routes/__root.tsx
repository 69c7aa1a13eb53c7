import { createRootRoute, Link } from "@tanstack/react-router";
import { lazy } from "react";
import { EmptyState } from "@/parts/empty_state";
import { PageFault } from "@/parts/page_fault";
import { View } from "@/parts/view";
import { Frame } from "@/shell/frame";

// Not needed for the first paint.
const ChatPanel = lazy(() => import("./chat/-parts/chat_panel"));

export const Route = createRootRoute({
  component: () => <Frame beside={<ChatPanel />} />,
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
      <PageFault error={error} retry={reset} />
    </main>
  ),
});
