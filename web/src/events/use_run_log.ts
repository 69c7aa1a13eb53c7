import { useEffect, useState } from "react";
import { followTopic } from "@/api/live";
import { Problem, type ProblemDocument } from "@/api/problem";
import { RunLog } from "./run_log";
import { isRunEvent } from "./types";

export interface Followed {
  log: RunLog;
  /** Changes with the log, at most once a frame. */
  version: number;
  /** Why nothing arrives. */
  problem: Problem | undefined;
}

/** The steps of a run, as they happen. Key the component that uses it by the run. */
export function useRunLog(run: string): Followed {
  const [log] = useState(() => new RunLog());
  const [version, setVersion] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    setProblem(undefined);
    let frame = 0;
    const draw = () => {
      frame = 0;
      setVersion((before) => before + 1);
    };
    const leave = followTopic(`run/${encodeURIComponent(run)}`, (event) => {
      if (event.event === "error") {
        const document = event.data as Partial<ProblemDocument>;
        setProblem(new Problem(document, document.status ?? 500));
      } else if (isRunEvent(event.data)) {
        log.add(event.data);
        frame ||= requestAnimationFrame(draw);
      }
    });
    return () => {
      leave();
      cancelAnimationFrame(frame);
    };
  }, [run, log]);
  return { log, version, problem };
}
