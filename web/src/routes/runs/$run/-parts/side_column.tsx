import { lazy, type ReactNode, Suspense, useRef, useSyncExternalStore } from "react";
import { useRunView, useSelectedStep } from "../-view";
import { StepDetails } from "./step_details";
import { useTabKeys } from "./use_tab_keys";

// The form of a decision is only needed where something waits.
const Waits = lazy(() => import("./wait_card"));

/** What waits, and the selected step. On a narrow screen the steps stand between them. */
export function SideColumn(props: { children: ReactNode }) {
  useTabKeys();
  const { log } = useRunView();
  const step = useSelectedStep();
  const wide = useIsWide();
  // What was decided stays for a while: the cards say when they are empty.
  const waited = useRef(false);
  waited.current ||= log.waiting.size > 0;
  const waits = waited.current;
  return (
    <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
      {!wide && waits && (
        <aside
          aria-label="Waiting"
          data-waits
          // What does not fit scrolls; the card keeps its buttons in sight.
          className="flex max-h-[65%] shrink-0 flex-col gap-3 overflow-auto border-b p-3 empty:hidden"
        >
          <Suspense>
            <Waits />
          </Suspense>
        </aside>
      )}
      {props.children}
      {(step || (wide && waits)) && (
        <aside
          aria-label={wide ? "Waiting and selected" : "Selected"}
          data-waits
          className="flex max-h-[40%] w-full shrink-0 flex-col gap-3 overflow-auto border-t p-2 empty:hidden lg:max-h-none lg:p-3 lg:w-88 lg:border-t-0 lg:border-l"
        >
          {wide && waits && (
            <Suspense>
              <Waits />
            </Suspense>
          )}
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
