import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { streamWork } from "@/api/work_stream";
import type { UndoStep } from "./undo_plan";

interface Progress {
  done: number;
  total: number;
  step: UndoStep;
}

export interface Undo {
  state: "idle" | "running" | "done" | "failed";
  steps: readonly UndoStep[];
  total: number;
  error: unknown;
  start: (body: { to_turn: number | null; past: string[] }) => void;
}

/** One undo, as far as it is. It goes on when the page is left, and the same request joins it. */
export function useUndo(run: string): Undo {
  const queries = useQueryClient();
  const [now, setNow] = useState<Omit<Undo, "start">>({
    state: "idle",
    steps: [],
    total: 0,
    error: null,
  });
  const going = useRef<AbortController | null>(null);
  useEffect(() => () => going.current?.abort(), []);

  const start: Undo["start"] = (body) => {
    going.current?.abort();
    const leave = new AbortController();
    going.current = leave;
    setNow({ state: "running", steps: [], total: 0, error: null });
    const reread = () => void queries.invalidateQueries({ queryKey: ["run", run, "effects"] });
    streamWork<Schemas["UndoReport"]>(`/runs/${encodeURIComponent(run)}/undo`, body, {
      signal: leave.signal,
      onEvent: (kind, data) => {
        if (kind !== "progress") return;
        const { step, total } = data as Progress;
        setNow((before) => ({ ...before, total, steps: [...before.steps, step] }));
      },
    })
      .then((report) => setNow((before) => ({ ...before, state: "done", steps: report.steps })))
      .catch((error: unknown) => {
        if (!leave.signal.aborted) setNow((before) => ({ ...before, state: "failed", error }));
      })
      .finally(reread);
  };
  return { ...now, start };
}
