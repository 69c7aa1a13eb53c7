import { useDeferredValue, useMemo } from "react";
import { EmptyState } from "@/parts/empty_state";
import { SkeletonRows } from "@/ui/skeleton";
import { useRunView } from "../-view";
import { filterSteps } from "./filter";
import { StepList } from "./step_list";
import { StepsToolbar } from "./steps_toolbar";
import { useOpenSteps } from "./use_open_steps";
import { useStepKeys } from "./use_step_keys";

/** What the run did, step by step. */
export default function StepsTab() {
  const { log, version, search, setSearch } = useRunView();
  const find = useDeferredValue(search.find ?? "");
  // biome-ignore lint/correctness/useExhaustiveDependencies: steps are changed in place; `version` says when
  const shown = useMemo(
    () => filterSteps(log.steps, find, search.only),
    [log, version, find, search.only],
  );
  const open = useOpenSteps();
  useStepKeys(shown, open);
  if (log.steps.length === 0) return <SkeletonRows rows={6} />;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <StepsToolbar matches={shown?.filter((each) => each.matches).length} />
      {shown?.length === 0 ? (
        <EmptyState
          title="No step matches"
          action={
            <button
              type="button"
              className="text-info underline"
              onClick={() => setSearch({ find: undefined, only: undefined })}
            >
              Show all steps
            </button>
          }
        />
      ) : (
        <StepList shown={shown} open={open} />
      )}
    </div>
  );
}
