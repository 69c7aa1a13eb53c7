import { type ReactNode, useSyncExternalStore } from "react";
import { useRunView, useSelectedStep } from "../-view";
import { StepDetails } from "./step_details";
import { useTabKeys } from "./use_tab_keys";
import { WaitCard } from "./wait_card";

/** What waits for a person: beside the steps, or above them on a narrow screen. */
export function Waits() {
  const { log } = useRunView();
  const waiting = [...log.waiting.values()];
  return waiting.map((asked) => <WaitCard key={`${asked.id} ${asked.at}`} asked={asked} />);
}

/** What waits, and the selected step. On a narrow screen the steps stand between them. */
export function SideColumn(props: { children: ReactNode }) {
  useTabKeys();
  const { log } = useRunView();
  const step = useSelectedStep();
  const wide = useIsWide();
  const waits = log.waiting.size > 0;
  return (
    <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
      {!wide && waits && (
        <aside
          aria-label="Waiting"
          className="flex max-h-[40%] shrink-0 flex-col gap-3 overflow-auto border-b p-3"
        >
          <Waits />
        </aside>
      )}
      {props.children}
      {(step || (wide && waits)) && (
        <aside
          aria-label={wide ? "Waiting and selected" : "Selected"}
          className="flex max-h-[40%] w-full shrink-0 flex-col gap-3 overflow-auto border-t p-2 lg:max-h-none lg:p-3 lg:w-88 lg:border-t-0 lg:border-l"
        >
          {wide && <Waits />}
          {step && <StepDetails step={step} folded={!wide} />}
        </aside>
      )}
    </div>
  );
}

const WIDE = matchMedia("(min-width: 64rem)");

function useIsWide(): boolean {
  return useSyncExternalStore(
    (changed) => {
      WIDE.addEventListener("change", changed);
      return () => WIDE.removeEventListener("change", changed);
    },
    () => WIDE.matches,
  );
}
