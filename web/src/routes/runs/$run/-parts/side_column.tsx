import { useRunView, useSelectedStep } from "../-view";
import { StepDetails } from "./step_details";
import { useTabKeys } from "./use_tab_keys";
import { WaitCard } from "./wait_card";

/** What waits for a person, and the selected step; beside the steps, or above them on a narrow screen. */
export function SideColumn() {
  useTabKeys();
  const { log } = useRunView();
  const step = useSelectedStep();
  const waiting = [...log.waiting.values()];
  if (waiting.length === 0 && !step) return null;
  return (
    <aside
      aria-label="Waiting and selected"
      className="flex max-h-[45%] w-full shrink-0 flex-col gap-3 overflow-auto border-b p-3 lg:max-h-none lg:w-88 lg:border-b-0 lg:border-l"
    >
      {waiting.map((asked) => (
        <WaitCard key={asked.id} asked={asked} />
      ))}
      {step && <StepDetails step={step} />}
    </aside>
  );
}
