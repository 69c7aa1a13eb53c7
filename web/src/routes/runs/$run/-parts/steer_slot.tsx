import { lazy, Suspense } from "react";
import { lastSteering } from "@/parts/steer/acts";
import { cn } from "@/ui/cn";
import { useRunView } from "../-view";

const SteerBar = lazy(async () => ({
  default: (await import("@/parts/steer/steer_bar")).SteerBar,
}));

/** Where a run in progress is steered. */
export function SteerSlot() {
  const { run, log, selected } = useRunView();
  // The button of the chat stands in the corner, unless there is a column on the right.
  const beside = selected !== undefined || log.waiting.size > 0;
  if (!log.started || log.ended) return null;
  return (
    <Suspense>
      <SteerBar
        run={run}
        state={log.state}
        steered={lastSteering(log.steps)}
        className={cn("m-2 mr-18 shrink-0 sm:ml-4", beside && "lg:mr-4")}
      />
    </Suspense>
  );
}
