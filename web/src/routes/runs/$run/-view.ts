/** What every part of a run's view knows: the run, its steps so far, and what is selected. */
import { createContext, useContext } from "react";
import type { Schemas } from "@/api/client";
import type { RunLog } from "@/events/run_log";
import type { Step } from "@/events/steps";

const ONLY = ["problems", "waits", "people", "tools", "replies"] as const;
export type Only = (typeof ONLY)[number];

interface RunSearch {
  /** The selected tab; absent: the first one. */
  tab?: string;
  /** What is searched for in the steps. */
  find?: string;
  /** Which steps are shown; absent: all. */
  only?: Only;
  /** How the Time tab is ordered. */
  sort?: "time" | "cost";
  /** The sheet or dialog that is open: as `-other/openings.ts` names them. */
  open?: string;
}

export interface RunView {
  run: string;
  log: RunLog;
  /** Changes with the log, at most once a frame. */
  version: number;
  card: Schemas["RunCard"] | undefined;
  search: RunSearch;
  setSearch: (changed: { [K in keyof RunSearch]?: RunSearch[K] | undefined }) => void;
  /** The key of the selected step: the address's fragment. */
  selected: string | undefined;
  select: (key: string | undefined) => void;
}

export function readSearch(search: Record<string, unknown>): RunSearch {
  const read: RunSearch = {};
  if (typeof search["tab"] === "string") read.tab = search["tab"];
  if (typeof search["find"] === "string" && search["find"]) read.find = search["find"];
  const only = ONLY.find((each) => each === search["only"]);
  if (only) read.only = only;
  if (search["sort"] === "time" || search["sort"] === "cost") read.sort = search["sort"];
  if (typeof search["open"] === "string" && search["open"]) read.open = search["open"];
  return read;
}

const Context = createContext<RunView | null>(null);

export const RunViewProvider = Context.Provider;

/** The view around the component. */
export function useRunView(): RunView {
  const view = useContext(Context);
  if (!view) throw new Error("Used outside of a run's view.");
  return view;
}

export function useSelectedStep(): Step | undefined {
  const { log, selected } = useRunView();
  return selected === undefined ? undefined : log.find(selected);
}
