import { Check, Copy } from "lucide-react";
import { Button } from "@/ui/button";
import { useCopied } from "@/ui/use_copied";

/** Copies a text. */
export function CopyButton(props: { text: string; label?: string; onCopied?: () => void }) {
  const [done, copy] = useCopied();
  const press = async () => {
    if (await copy(props.text)) props.onCopied?.();
  };
  return (
    <Button size="sm" onClick={() => void press()}>
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
