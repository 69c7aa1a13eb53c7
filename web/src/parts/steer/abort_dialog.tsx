import { type KeyboardEvent, useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { Kbd } from "@/ui/kbd";
import { describeKeys } from "../keys";

/** Asks before runs are aborted. For one run or many. */
export function AbortDialog(props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** How many runs. */
  count?: number;
  onAbort: (how: { reason: string; undo: boolean }) => void;
}) {
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={props.count && props.count > 1 ? `Abort ${props.count} runs?` : "Abort this run?"}
      description="It ends at once and cannot be resumed. What it has so far is kept, and it can be forked."
    >
      <Question {...props} />
    </Dialog>
  );
}

function Question(props: Parameters<typeof AbortDialog>[0]) {
  const [reason, setReason] = useState("");
  const [undo, setUndo] = useState(false);
  const many = (props.count ?? 1) > 1;
  const abort = () => {
    props.onAbort({ reason, undo });
    props.onOpenChange(false);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    abort();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the controls inside it
    <div className="flex flex-col gap-4" onKeyDown={press}>
      <Field label="Reason" hint="The history and the result show it.">
        {(ids) => (
          <Input
            {...ids}
            autoFocus
            value={reason}
            maxLength={10_000}
            placeholder="no longer needed"
            onChange={({ target }) => setReason(target.value)}
          />
        )}
      </Field>
      <label className="flex items-start gap-2.5 text-sm">
        <input
          type="checkbox"
          className="mt-0.5 size-4 accent-[var(--info)]"
          checked={undo}
          onChange={({ target }) => setUndo(target.checked)}
        />
        <span>
          Undo {many ? "their" : "its"} effects first
          <span className="block text-muted text-xs">
            Calls whose tools know how are undone, newest first. Irreversible ones stay.
          </span>
        </span>
      </label>
      <div className="flex flex-wrap justify-end gap-2">
        <Button tone="quiet" onClick={() => props.onOpenChange(false)}>
          {many ? "Keep them going" : "Keep it going"}
        </Button>
        <Button tone="danger" onClick={abort}>
          {undo ? "Undo and abort" : "Abort"}
          <Kbd keys={describeKeys("mod+Enter")} className="text-inherit" />
        </Button>
      </div>
    </div>
  );
}
