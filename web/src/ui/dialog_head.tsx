import { X } from "lucide-react";
import { Dialog as Parts } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn";

/** The head of a dialog or a sheet: what it is, and the button that closes it. */
export function DialogHead(props: {
  title: ReactNode;
  description?: ReactNode;
  className: string;
  titleLook: string;
}) {
  return (
    <header className={cn("flex items-start gap-3", props.className)}>
      <div className="min-w-0 flex-1">
        <Parts.Title className={props.titleLook}>{props.title}</Parts.Title>
        {props.description && (
          <Parts.Description asChild>
            <div className="mt-1 text-muted text-sm">{props.description}</div>
          </Parts.Description>
        )}
      </div>
      <Parts.Close
        aria-label="Close"
        className="rounded-sm p-1 text-muted hover:bg-sunken hover:text-ink"
      >
        <X className="size-4" />
      </Parts.Close>
    </header>
  );
}
