import { useCallback, useMemo, useRef, useState } from "react";
import { isProblem, isWaiting, type Step } from "@/events/steps";

export interface OpenSteps {
  isOpen: (step: Step) => boolean;
  set: (key: string, open: boolean) => void;
  setAll: (open: boolean | undefined) => void;
}

/** Which steps are open: as somebody chose, or else those that one reads anyway. */
export function useOpenSteps(): OpenSteps {
  const chosen = useRef(new Map<string, boolean>());
  const all = useRef<boolean | undefined>(undefined);
  const [, redraw] = useState(0);
  const isOpen = useCallback(
    (step: Step) => chosen.current.get(step.key) ?? all.current ?? isOpenAtFirst(step),
    [],
  );
  const set = useCallback((key: string, open: boolean) => {
    chosen.current.set(key, open);
    redraw((count) => count + 1);
  }, []);
  const setAll = useCallback((open: boolean | undefined) => {
    chosen.current.clear();
    all.current = open;
    redraw((count) => count + 1);
  }, []);
  return useMemo(() => ({ isOpen, set, setAll }), [isOpen, set, setAll]);
}

function isOpenAtFirst(step: Step): boolean {
  switch (step.kind) {
    case "tool":
      return step.state === "failed" || isWaiting(step) || step.retries.length > 0;
    case "model":
      return step.text !== "" || step.state === "running" || isProblem(step);
    case "note":
      return step.event.type === "hint_received" || isProblem(step);
    case "pause":
      return false;
    default:
      return true;
  }
}
