import { GitFork, Split } from "lucide-react";
import type { Step } from "@/events/steps";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { useRunView } from "../-view";
import { forkFrom, isForkable, whatIfFrom } from "./openings";

/** Other ways from a step of a model or a tool: shown with the selected step. */
export function StepAlternatives({ step }: { step: Step }) {
  const { setSearch } = useRunView();
  const may = useMay("operator");
  if (!may || !isForkable(step)) return null;
  return (
    <div className="mt-3 flex flex-wrap gap-2">
      <Button size="sm" onClick={() => setSearch({ open: forkFrom(step) })}>
        <GitFork aria-hidden /> Fork from here
      </Button>
      <Button size="sm" onClick={() => setSearch({ open: whatIfFrom(step) })}>
        <Split aria-hidden /> What if…
      </Button>
    </div>
  );
}
