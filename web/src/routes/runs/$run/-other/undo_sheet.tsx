import { useQuery } from "@tanstack/react-query";
import { Undo2 } from "lucide-react";
import { useState } from "react";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { Sheet } from "@/ui/sheet";
import { SkeletonRows } from "@/ui/skeleton";
import { useRunView } from "../-view";
import { AbortAndUndo } from "./abort_and_undo";
import { effectsQuery, previewQuery } from "./queries";
import { UndoInProgress } from "./undo_in_progress";
import { countUndone, findStop, isLeft, planUndo, turnsToKeep } from "./undo_plan";
import { UndoPreview } from "./undo_preview";
import { UndoScope } from "./undo_scope";
import { UndoSteps } from "./undo_steps";
import { useUndo } from "./use_undo";
import { WorkerNote } from "./worker_note";

/** Undo with its preview: what to undo, what would happen, a question, and what happened. */
export default function UndoSheet({ onClose }: { onClose: () => void }) {
  const { run, log, card, setSearch } = useRunView();
  const may = useMay("operator");
  const [toTurn, setToTurn] = useState<number | null>(null);
  const [past, setPast] = useState<readonly string[]>([]);
  const undo = useUndo(run);
  const effects = useQuery(effectsQuery(run));
  const list = effects.data ?? [];
  const started = undo.state !== "idle";
  const preview = useQuery({
    ...previewQuery(run, toTurn, past),
    enabled: may && !started && list.some(isLeft),
    placeholderData: (before) => before,
  });
  const planned = planUndo(preview.data?.steps ?? []);
  const count = countUndone(planned);
  const stop = findStop(preview.data?.steps ?? []);
  const open = !log.ended && !card?.ended;

  const toggle = (call: string) =>
    setPast((now) => (now.includes(call) ? now.filter((each) => each !== call) : [...now, call]));

  return (
    <Sheet
      onClose={onClose}
      title={started ? "Undo" : "Undo what this run did"}
      description={
        started
          ? undefined
          : "Newest first, each effect once. This is a preview: nothing changes until you confirm."
      }
      footer={
        started ? (
          <Button className="ml-auto" onClick={onClose}>
            {undo.state === "running" ? "Close; the undo continues" : "Close"}
          </Button>
        ) : (
          <>
            <p className="min-w-0 flex-1 basis-full sm:basis-40 text-sm">
              {open
                ? "The run is still going on. It must end before it can be undone."
                : count === 0
                  ? "Nothing would be undone."
                  : `Undo ${effectsOf(count)}${stop ? ", then stop" : ""}?`}
            </p>
            <Button onClick={onClose}>Cancel</Button>
            {may && open && (
              <AbortAndUndo
                run={run}
                onDone={() => setSearch({ open: undefined, tab: "effects" })}
              />
            )}
            {may && !open && (
              <Button
                tone="danger"
                disabled={count === 0 || preview.isFetching}
                onClick={() => undo.start({ to_turn: toTurn, past: [...past] })}
              >
                <Undo2 aria-hidden /> Undo {effectsOf(count)}
              </Button>
            )}
          </>
        )
      }
    >
      <UndoInProgress run={run} effects={started ? [] : list} />
      {started ? (
        <UndoSteps
          undo={undo}
          onSkip={(call) => {
            const skipped = [...past, call];
            setPast(skipped);
            undo.start({ to_turn: toTurn, past: skipped });
          }}
        />
      ) : (
        <div className="flex flex-col gap-4">
          <UndoScope turns={turnsToKeep(list)} toTurn={toTurn} onChange={setToTurn} />
          {preview.error && (
            <ProblemCard error={preview.error} retry={() => void preview.refetch()} />
          )}
          <WorkerNote agent={card?.agent} />
          {preview.data ? (
            <UndoPreview planned={planned} past={past} onToggle={toggle} />
          ) : effects.data && !list.some(isLeft) ? (
            <p>
              {list.length === 0
                ? "This run changed nothing."
                : "Everything that this run did is undone already."}
            </p>
          ) : (
            preview.isFetching && <SkeletonRows rows={3} />
          )}
        </div>
      )}
    </Sheet>
  );
}

function effectsOf(count: number): string {
  return count === 1 ? "1 effect" : `${count.toLocaleString("en")} effects`;
}
