import { type ReactNode, useState } from "react";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, TextArea } from "@/ui/field";
import { MOST_TEXT } from "../-memory";

/** A dialog with the text of a memory. */
export function MemoryForm(props: {
  title: string;
  description: ReactNode;
  action: string;
  start: string;
  pending: boolean;
  error: Error | null;
  onSave: (text: string) => void;
  onClose: () => void;
}) {
  const [text, setText] = useState(props.start);
  const wanted = text.trim();
  const ready = wanted !== "" && wanted !== props.start.trim() && !props.pending;
  const save = () => ready && props.onSave(wanted);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && !props.pending && props.onClose()}
      title={props.title}
      description={props.description}
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
          event.preventDefault();
          save();
        }}
      >
        <Field label="Fact" hint="One complete sentence that makes sense on its own.">
          {(ids) => (
            <TextArea
              {...ids}
              autoFocus
              maxLength={MOST_TEXT}
              rows={4}
              value={text}
              onChange={({ target }) => setText(target.value)}
            />
          )}
        </Field>
        {props.error && <ProblemCard error={props.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" tone="primary" disabled={!ready}>
            {props.action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
