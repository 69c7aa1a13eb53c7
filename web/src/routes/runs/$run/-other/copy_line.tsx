import { Check, Copy } from "lucide-react";
import { Button } from "@/ui/button";
import { useCopied } from "@/ui/use_copied";

/** Text that is copied as a whole, such as a command. */
export function CopyLine({ text }: { text: string }) {
  const [copied, copy] = useCopied();
  return (
    <p className="flex items-center gap-2 rounded-md bg-sunken py-1 pr-1 pl-3">
      <code className="min-w-0 flex-1 break-all text-xs">{text}</code>
      <Button
        size="icon"
        tone="quiet"
        aria-label={copied ? "Copied" : `Copy ${text}`}
        onClick={() => void copy(text)}
      >
        {copied ? <Check aria-hidden className="text-good" /> : <Copy aria-hidden />}
      </Button>
    </p>
  );
}
