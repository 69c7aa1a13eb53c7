import { Column } from "@/parts/desk/section";
import { RunGates } from "./run_gates";
import { RunPolicy } from "./run_policy";

/** Which rules hold for the run, and what gates decided about its calls. */
export default function SafetyTab() {
  return (
    <div className="h-full overflow-auto">
      <Column>
        <RunPolicy />
        <RunGates />
      </Column>
    </div>
  );
}
