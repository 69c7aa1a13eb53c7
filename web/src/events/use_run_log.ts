import { useEffect, useState } from "react";
import { followTopic } from "@/api/live";
import { Problem, type ProblemDocument } from "@/api/problem";
import { RetryPlacer } from "./place_retries";
import { RunLog } from "./run_log";
import { isRunEvent } from "./types";

interface Followed {
  log: RunLog;
  /** Changes with the log, at most once a frame. */
  version: number;
  /** Why nothing arrives. */
  problem: Problem | undefined;
}

/** While so many events arrive at once, a history is being read: it is not drawn for each frame. */
const MANY = 200;
const PAUSE_MS = 300;

/** The steps of a run, as they happen. Key the component that uses it by the run. */
export function useRunLog(run: string): Followed {
  const [log] = useState(() => new RunLog());
  const [version, setVersion] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    setProblem(undefined);
    let frame = 0;
    let timer = 0;
    let drawn = log.events;
    const draw = () => {
      frame = 0;
      timer = 0;
      drawn = log.events;
      setVersion((before) => before + 1);
      placer.look();
    };
    const placer = new RetryPlacer(run, log, () => drawSoon());
    const drawSoon = () => {
      if (frame || timer) return;
      // The first events are drawn at once.
      frame = requestAnimationFrame(() => {
        const isMany = drawn > 0 && log.events - drawn > MANY;
        if (!isMany) return draw();
        frame = 0;
        timer = window.setTimeout(draw, PAUSE_MS);
      });
    };
    const leave = followTopic(`run/${encodeURIComponent(run)}`, (event) => {
      if (event.event === "error") {
        const document = event.data as Partial<ProblemDocument>;
        setProblem(new Problem(document, document.status ?? 500));
      } else if (isRunEvent(event.data)) {
        log.add(event.data);
        drawSoon();
      }
    });
    return () => {
      leave();
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [run, log]);
  return { log, version, problem };
}
