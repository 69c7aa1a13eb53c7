import { api, call } from "@/api/client";
import type { BulkAction } from "./bulk";

/** Asks one run to do it. */
export function steerRun(run: string, action: BulkAction): Promise<unknown> {
  const params = { path: { run } };
  const reason = "reason" in action && action.reason ? { reason: action.reason } : {};
  switch (action.kind) {
    case "hint": {
      const { text, interrupt } = action;
      return call(api.POST("/api/v1/runs/{run}/hint", { params, body: { text, interrupt } }));
    }
    case "pause":
      return call(api.POST("/api/v1/runs/{run}/pause", { params, body: reason }));
    case "resume":
      return call(api.POST("/api/v1/runs/{run}/resume", { params, body: reason }));
    case "abort": {
      const body = { reason: action.reason || "aborted", undo: action.undo };
      return call(api.POST("/api/v1/runs/{run}/abort", { params, body }));
    }
  }
}
