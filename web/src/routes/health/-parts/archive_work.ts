import { useRef, useState } from "react";
import { Problem } from "@/api/problem";
import { streamWork } from "@/api/work_stream";

export type Work = "seal" | "verify";

/** What verifying the whole archive found. The document of the API describes streams by their first
 * event alone, so their results are written down here. */
export interface Verified {
  seals: number;
  checked: number;
  deleted: number;
  forgotten: number;
  newer: number;
  problems: readonly { what: string; seq?: number | null; run?: string | null }[];
}

export interface Sealed {
  sealed: number;
  failed: number;
}

export type Outcome =
  | { work: "seal"; result: Sealed }
  | { work: "verify"; result: Verified }
  | { work: Work; problem: Problem };

/** Work on the whole archive: one at a time, with its progress; leaving the view stops it. */
export function useArchiveWork(onDone: () => void) {
  const [running, setRunning] = useState<{ work: Work; done: number }>();
  const [outcome, setOutcome] = useState<Outcome>();
  const stop = useRef<AbortController>(undefined);
  const start = async (work: Work) => {
    if (stop.current) return;
    const controller = new AbortController();
    stop.current = controller;
    setOutcome(undefined);
    setRunning({ work, done: 0 });
    try {
      const result = await streamWork(
        `/archive/${work}`,
        {},
        {
          signal: controller.signal,
          onEvent: (kind, data) => {
            if (kind === "progress") setRunning({ work, done: (data as { done: number }).done });
          },
        },
      );
      setOutcome({ work, result } as Outcome);
    } catch (error) {
      if (!controller.signal.aborted) setOutcome({ work, problem: Problem.of(error) });
    } finally {
      stop.current = undefined;
      setRunning(undefined);
      onDone();
    }
  };
  return { running, outcome, start, stop: () => stop.current?.abort() };
}
