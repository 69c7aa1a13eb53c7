import { useState } from "react";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { TextArea } from "@/ui/field";

/** Changes a message that was answered; what follows is another conversation. */
export function EditMessage(props: {
  text: string;
  onCancel: () => void;
  onSend: (text: string) => Promise<void>;
}) {
  const [text, setText] = useState(props.text);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const send = () => {
    if (!text.trim()) return;
    setBusy(true);
    setError(undefined);
    props.onSend(text).catch((problem: unknown) => {
      setError(problem);
      setBusy(false);
    });
  };
  return (
    <form
      className="flex flex-col gap-2 rounded-2xl border border-line bg-surface p-3"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <TextArea
        aria-label="The message"
        autoFocus
        value={text}
        rows={Math.min(10, text.split("\n").length + 1)}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            props.onCancel();
          }
          if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            send();
          }
        }}
      />
      {error !== undefined && <ProblemCard error={error} />}
      <div className="flex flex-wrap items-center justify-end gap-2">
        <p className="mr-auto text-muted text-xs">
          This continues in a new chat, from before this message. This chat stays as it is.
        </p>
        <Button size="sm" tone="quiet" onClick={props.onCancel}>
          Cancel
        </Button>
        <Button size="sm" tone="primary" type="submit" disabled={busy || !text.trim()}>
          Continue from here
        </Button>
      </div>
    </form>
  );
}
