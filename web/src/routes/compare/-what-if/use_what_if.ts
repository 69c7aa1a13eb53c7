import { useCallback, useEffect, useRef, useState } from "react";
import { api, call } from "@/api/client";
import { streamWork } from "@/api/work_stream";
import type { WhatIfQuestion } from "@/parts/alternatives/read_question";
import { addEvent, fromReport, NOTHING, type WhatIfState } from "./fold";
import type { WhatIfReport } from "./types";

interface Shown {
  state: "running" | "done" | "failed";
  now: WhatIfState;
  error: unknown;
}

export interface WhatIfRun extends Shown {
  again: () => void;
  /** Aborts the forks that go on. */
  stop: () => void;
  stopping: boolean;
}

const BEGIN: Shown = { state: "running", now: NOTHING, error: null };

/** Asks, or joins what was asked with the same key. The forks go on when the page is left. */
export function useWhatIf(key: string, question: WhatIfQuestion): WhatIfRun {
  const [shown, setShown] = useState(BEGIN);
  const [asked, setAsked] = useState(0);
  const [stopping, setStopping] = useState(false);
  const newest = useRef(NOTHING);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` asks again
  useEffect(() => {
    const leave = new AbortController();
    newest.current = NOTHING;
    setShown(BEGIN);
    let frame = 0;
    // Many forks may start at once: one picture a frame.
    const paint = () => {
      frame = 0;
      setShown((before) => ({ ...before, now: newest.current }));
    };
    streamWork<WhatIfReport>("/whatifs", question, {
      key,
      signal: leave.signal,
      onEvent: (kind, data) => {
        newest.current = addEvent(newest.current, kind, data);
        frame ||= requestAnimationFrame(paint);
      },
    })
      .then((report) => {
        cancelAnimationFrame(frame);
        newest.current = fromReport(report, newest.current);
        setShown({ state: "done", now: newest.current, error: null });
      })
      .catch((error: unknown) => {
        cancelAnimationFrame(frame);
        if (!leave.signal.aborted) setShown({ state: "failed", error, now: newest.current });
      });
    return () => {
      leave.abort();
      cancelAnimationFrame(frame);
    };
  }, [key, question, asked]);

  const stop = useCallback(() => {
    setStopping(true);
    const { started, sources } = newest.current;
    const ended = new Set(sources.flatMap((each) => each.forks.map((fork) => fork.run)));
    const open = [...started].filter((id) => !ended.has(id));
    void Promise.allSettled(open.map(abort)).finally(() => setStopping(false));
  }, []);

  return { ...shown, again: () => setAsked((count) => count + 1), stop, stopping };
}

function abort(run: string): Promise<unknown> {
  return call(
    api.POST("/api/v1/runs/{run}/abort", {
      params: { path: { run } },
      body: { reason: "the what-if was stopped", undo: false },
    }),
  );
}
