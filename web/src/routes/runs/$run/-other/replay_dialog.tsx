import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleX } from "lucide-react";
import { api, call } from "@/api/client";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { Dialog } from "@/ui/dialog";
import { SkeletonRows } from "@/ui/skeleton";
import { useRunView } from "../-view";
import { CopyLine } from "./copy_line";

/** Whether today's code would do the same again. */
export default function ReplayDialog({ onClose }: { onClose: () => void }) {
  const { run } = useRunView();
  const may = useMay("operator");
  const replay = useQuery({
    queryKey: ["run", run, "replay"],
    queryFn: () => call(api.POST("/api/v1/runs/{run}/replay", { params: { path: { run } } })),
    enabled: may,
    gcTime: 0,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Replay on the current code"
      description="The workflow code that the daemon has installed runs over the recorded history, and each step is compared. No model or tool is called, and nothing changes."
      className="max-w-3xl"
    >
      {replay.isFetching && (
        <>
          <p role="status" className="text-muted text-xs">
            Starting the code in a process of its own, then comparing. It takes some seconds.
          </p>
          <SkeletonRows rows={3} />
        </>
      )}
      {replay.error && <ProblemCard error={replay.error} retry={() => void replay.refetch()} />}
      {replay.data && (
        <div className="flex flex-col gap-3">
          <p role="status" className="flex items-center gap-2 font-medium">
            {replay.data.same ? (
              <>
                <CircleCheck aria-hidden className="size-4 text-good" /> The code does the same
                again
              </>
            ) : (
              <>
                <CircleX aria-hidden className="size-4 text-bad" /> The code differs from this run
              </>
            )}
          </p>
          <p className="text-muted text-xs">Compared with {replay.data.code}</p>
          <ul className="flex flex-col gap-2">
            {replay.data.executions.map((each) => (
              <li key={each.run_id} className="text-sm">
                <span className="break-all font-mono text-xs">{each.run_id}</span>{" "}
                <span className="text-muted text-xs">
                  {each.steps} {each.steps === 1 ? "step" : "steps"} compared
                  {each.entry != null && `; differs at history entry ${each.entry}`}
                </span>
                {each.difference && <Difference text={each.difference} />}
              </li>
            ))}
          </ul>
        </div>
      )}
      <div className="mt-4 border-t pt-3">
        <p className="mb-1.5 text-muted text-xs">
          To compare with another version of the code, replay it where that version is installed:
        </p>
        <CopyLine text={`harness replay ${quote(run)}`} />
      </div>
    </Dialog>
  );
}

const TONES: Record<string, string> = {
  "+": "bg-good-soft text-good",
  "-": "bg-bad-soft text-bad",
};
const SHOWN = 500;

/** Both sides of the first step that differs. */
function Difference({ text }: { text: string }) {
  const lines = text.split("\n");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre tabIndex={0} className="mt-1.5 max-h-96 overflow-auto rounded-md border py-1 text-xs">
      {lines.slice(0, SHOWN).map((line, place) => (
        <div key={place} className={`min-h-4 whitespace-pre px-3 ${TONES[line[0] ?? ""] ?? ""}`}>
          {line}
        </div>
      ))}
      {lines.length > SHOWN && (
        <div className="px-3 text-muted">{lines.length - SHOWN} more lines</div>
      )}
    </pre>
  );
}

/** The id as a shell takes it. */
function quote(text: string): string {
  return /^[\w.:@/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
