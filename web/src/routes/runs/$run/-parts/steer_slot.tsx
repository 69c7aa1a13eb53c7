import { lazy, Suspense } from "react";
import { lastSteering } from "@/parts/steer/acts";
import { useRunView } from "../-view";

const SteerBar = lazy(async () => ({
  default: (await import("@/parts/steer/steer_bar")).SteerBar,
}));

/** Where a run in progress is steered. */
export function SteerSlot() {
  const { run, log } = useRunView();
  if (!log.started || log.ended) return null;
  return (
    <Suspense>
      <SteerBar
        run={run}
        state={log.state}
        steered={lastSteering(log.steps)}
        className="m-2 shrink-0 sm:mx-4"
      />
    </Suspense>
  );
}
