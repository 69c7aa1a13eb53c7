import { useMutation } from "@tanstack/react-query";
import { OctagonX } from "lucide-react";
import { api, call } from "@/api/client";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";

/** Ends an open run, which undoes all that it did before it ends. */
export function AbortAndUndo(props: { run: string; onDone: () => void }) {
  const abort = useMutation({
    mutationFn: () =>
      call(
        api.POST("/api/v1/runs/{run}/abort", {
          params: { path: { run: props.run } },
          body: { reason: "aborted, to be undone", undo: true },
        }),
      ),
    onSuccess: props.onDone,
  });
  return (
    <>
      <Button tone="danger" disabled={abort.isPending} onClick={() => abort.mutate()}>
        <OctagonX aria-hidden /> Abort the run, and undo all
      </Button>
      {abort.error && <ProblemCard className="basis-full" error={abort.error} />}
    </>
  );
}
