import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/button";
import { notifyProblem } from "@/ui/notify";

/** Copies a text. */
export function CopyButton(props: { text: string; label?: string; onCopied?: () => void }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.text);
      setDone(true);
      props.onCopied?.();
      setTimeout(() => setDone(false), 2_000);
    } catch {
      notifyProblem("Not copied", "The browser did not allow it: select the text and copy it.");
    }
  };
  return (
    <Button size="sm" onClick={() => void copy()}>
      {done ? <Check aria-hidden /> : <Copy aria-hidden />}
      <span aria-live="polite">{done ? "Copied" : (props.label ?? "Copy")}</span>
    </Button>
  );
}

/** A secret that is shown once: it cannot be read again. */
export function Secret(props: { label: string; text: string; onCopied?: () => void }) {
  return (
    <div className="rounded-md border border-line bg-raised p-3">
      <p className="mb-1.5 text-muted text-xs">{props.label}</p>
      <div className="flex items-start gap-3">
        {/* Also a selection that is copied by hand counts. */}
        <code
          onCopy={props.onCopied}
          className="min-w-0 flex-1 select-all break-all font-mono text-xs leading-6"
        >
          {props.text}
        </code>
        <CopyButton text={props.text} {...(props.onCopied && { onCopied: props.onCopied })} />
      </div>
    </div>
  );
}
