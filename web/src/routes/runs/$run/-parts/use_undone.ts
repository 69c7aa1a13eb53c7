import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { effectsQuery } from "../-other/queries";
import { useRunView } from "../-view";

/** An undo may be started anywhere, and is not among the run's events. */
const LOOK_MS = 15_000;

interface Undone {
  /** The calls that were undone, as "TURN CALL". */
  calls: ReadonlySet<string>;
  /** All effects that the run had. */
  effects: number;
}

/** What of the run was undone; nothing is asked of runs without tool calls. */
export function useUndone(): Undone {
  const { run, log } = useRunView();
  const used = log.steps.some((step) => step.kind === "tool");
  const { data } = useQuery({
    ...effectsQuery(run),
    enabled: used,
    staleTime: LOOK_MS,
    refetchInterval: log.ended ? LOOK_MS : false,
  });
  return useMemo(() => {
    const list = (data ?? []).filter((each) => each.run === run);
    const undone = list.filter((each) => each.state === "undone");
    return {
      calls: new Set(undone.map((each) => `${each.turn} ${each.call}`)),
      effects: list.filter((each) => each.state !== "failed").length,
    };
  }, [data, run]);
}
