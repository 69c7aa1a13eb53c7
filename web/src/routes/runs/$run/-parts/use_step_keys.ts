import {
  ArrowDown,
  ArrowUp,
  ChevronsUpDown,
  CircleAlert,
  Coins,
  Hourglass,
  Search,
  X,
} from "lucide-react";
import { useRef } from "react";
import { isProblem, isWait, type Step } from "@/events/steps";
import { useCommands } from "@/parts/commands";
import { notify } from "@/ui/notify";
import { useRunView } from "../-view";
import { rankByCost, type Shown } from "./filter";
import type { OpenSteps } from "./use_open_steps";

export const FIND_ID = "find-in-steps";

/** The keys of the list of steps; the palette and the list of keys have them too. */
export function useStepKeys(shown: readonly Shown[] | null, open: OpenSteps): void {
  const { log, selected, select, search, setSearch } = useRunView();
  const ranked = useRef(-1);
  const at = selected === undefined ? -1 : log.placeOf(selected);
  const go = (place: number) => {
    const step = log.steps[place];
    if (step) select(step.key);
  };
  const move = (by: 1 | -1) => {
    const places = shown?.map((each) => each.place);
    if (!places) return go(Math.max(0, Math.min(log.steps.length - 1, at + by)));
    const next =
      by > 0 ? places.find((place) => place > at) : places.findLast((place) => place < at);
    if (next !== undefined) go(next);
  };
  const jump = (test: (step: Step) => boolean, what: string) => {
    const { steps } = log;
    for (let n = 1; n <= steps.length; n += 1) {
      const place = (at + n) % steps.length;
      const step = steps[place];
      if (step && test(step)) return go(place);
    }
    notify(`This run has no ${what}.`);
  };
  const jumpToCost = () => {
    const ranks = rankByCost(log.steps);
    if (ranks.length === 0) return notify("This run has no step with a known cost.");
    // From the step that was reached by rank on; from anywhere else, the most expensive.
    const isThere = ranked.current >= 0 && ranks[ranked.current] === at;
    ranked.current = isThere ? (ranked.current + 1) % ranks.length : 0;
    go(ranks[ranked.current] ?? -1);
  };
  const step = log.steps[at];
  const group = "Steps";
  useCommands([
    { id: "step-next", title: "Next step", group, keys: "j", icon: ArrowDown, run: () => move(1) },
    {
      id: "step-back",
      title: "Previous step",
      group,
      keys: "k",
      icon: ArrowUp,
      run: () => move(-1),
    },
    {
      id: "step-problem",
      title: "Next problem",
      group,
      keys: "n",
      icon: CircleAlert,
      run: () => jump(isProblem, "problem"),
    },
    {
      id: "step-cost",
      title: "Next most expensive step",
      group,
      keys: "c",
      icon: Coins,
      run: jumpToCost,
    },
    {
      id: "step-wait",
      title: "Next step that waited for a person",
      group,
      // While something waits, the key goes to it.
      ...(log.waiting.size === 0 && { keys: "w" }),
      icon: Hourglass,
      run: () => jump(isWait, "step that waited for a person"),
    },
    {
      id: "step-open",
      title: "Open or close the step",
      group,
      keys: "o",
      icon: ChevronsUpDown,
      run: () => step && open.set(step.key, !open.isOpen(step)),
    },
    { id: "step-open-all", title: "Open all steps", group, run: () => open.setAll(true) },
    { id: "step-close-all", title: "Close all steps", group, run: () => open.setAll(false) },
    {
      id: "step-find",
      title: "Search in the steps",
      group,
      keys: "/",
      icon: Search,
      run: () => document.getElementById(FIND_ID)?.focus(),
    },
    {
      id: "step-leave",
      title: "Select no step",
      group,
      keys: "Escape",
      icon: X,
      run: () => {
        if (selected !== undefined) select(undefined);
        else if (search.find || search.only) setSearch({ find: undefined, only: undefined });
      },
    },
  ]);
}
