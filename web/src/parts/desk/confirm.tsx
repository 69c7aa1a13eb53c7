import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";

/** Asks before something that cannot be taken back. */
export function Confirm(props: {
  title: string;
  children: ReactNode;
  /** What the button says: what happens. */
  action: string;
  act: () => Promise<unknown>;
  onClose: () => void;
}) {
  const acting = useMutation({ mutationFn: props.act, onSuccess: props.onClose });
  return (
    <Dialog open onOpenChange={(open) => !open && props.onClose()} title={props.title}>
      <div className="text-muted">{props.children}</div>
      {acting.error && <ProblemCard className="mt-3" error={acting.error} />}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={props.onClose}>Cancel</Button>
        <Button tone="danger" disabled={acting.isPending} onClick={() => acting.mutate()}>
          {props.action}
        </Button>
      </div>
    </Dialog>
  );
}
