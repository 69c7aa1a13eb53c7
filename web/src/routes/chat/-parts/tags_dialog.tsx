import { useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";

/** Words to find a conversation by. */
export function TagsDialog(props: {
  tags: readonly string[];
  onSave: (tags: string[]) => void;
  onClose: () => void;
}) {
  const [text, setText] = useState(props.tags.join(" "));
  return (
    <Dialog open onOpenChange={props.onClose} title="Tags">
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          props.onSave([...new Set(text.split(/[\s,]+/).filter(Boolean))]);
          props.onClose();
        }}
      >
        <Field label="Tags" hint="Separated by spaces. Tags are not encrypted.">
          {(ids) => (
            <Input
              {...ids}
              autoFocus
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <div className="flex justify-end gap-2">
          <Button tone="quiet" onClick={props.onClose}>
            Cancel
          </Button>
          <Button tone="primary" type="submit">
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
