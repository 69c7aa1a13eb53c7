import { useEffect, useState } from "react";
import { api, call } from "@/api/client";
import { Problem } from "@/api/problem";
import { notifyProblem } from "@/ui/notify";
import type { ChatView } from "./types";

const NO_RUNS: ReadonlySet<string> = new Set();

/** Stops answers: aborts the run, which keeps what it has. */
export function useStop(view: ChatView | null | undefined): {
  stopping: ReadonlySet<string>;
  /** Whether the answer in progress is being stopped. */
  isStopping: boolean;
  stop: () => void;
} {
  const [stopping, setStopping] = useState(NO_RUNS);
  /** The message whose run has not started yet. */
  const [wanted, setWanted] = useState<string>();
  const open = view?.answering;
  const run = open?.run;
  const abort = (id: string) => {
    setStopping((before) => new Set(before).add(id));
    call(
      api.POST("/api/v1/runs/{run}/abort", {
        params: { path: { run: id } },
        body: { reason: "stopped in the chat", undo: false },
      }),
    ).catch((error: unknown) => {
      const problem = Problem.of(error);
      setStopping((before) => new Set([...before].filter((each) => each !== id)));
      if (problem.status !== 409) notifyProblem("It was not stopped", problem.message);
    });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the run has started
  useEffect(() => {
    if (!wanted || open?.message !== wanted || !run) return;
    setWanted(undefined);
    abort(run);
  }, [wanted, open?.message, run]);
  return {
    stopping,
    isStopping: wanted !== undefined || (run != null && stopping.has(run)),
    stop: () => {
      if (run && !stopping.has(run)) abort(run);
      else if (open && !run) setWanted(open.message);
    },
  };
}
