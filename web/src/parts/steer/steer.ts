/** Steers runs: what the bar of a run, the list of runs and the palette do. */
import { api, call, type Schemas } from "@/api/client";
import type { Act } from "./acts";

export { type Act, canSteer, lastSteering, type SteeringEvent } from "./acts";

/** Sends it to a run. The run has it when this returns, and acts on it when it gets there.
 *
 * @throws Problem
 */
export async function steerRun(run: string, act: Act): Promise<void> {
  const params = { path: { run } };
  switch (act.do) {
    case "hint":
      await call(
        api.POST("/api/v1/runs/{run}/hint", {
          params,
          body: { text: act.text, interrupt: act.interrupt ?? false },
        }),
      );
      return;
    case "pause":
      await call(api.POST("/api/v1/runs/{run}/pause", { params, body: reasonOf(act) }));
      return;
    case "resume":
      await call(api.POST("/api/v1/runs/{run}/resume", { params, body: reasonOf(act) }));
      return;
    case "abort": {
      const body = { ...reasonOf(act), undo: act.undo ?? false } as Schemas["AbortBody"];
      await call(api.POST("/api/v1/runs/{run}/abort", { params, body }));
    }
  }
}

function reasonOf(act: { reason?: string }): { reason?: string } {
  const reason = act.reason?.trim();
  return reason ? { reason } : {};
}
