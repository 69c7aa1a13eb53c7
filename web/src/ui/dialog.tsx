import { Dialog as Parts } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn";
import { DialogHead } from "./dialog_head";
import { focusFirstField } from "./first_field";

/** A dialog that keeps the focus until it closes. */
export function Dialog(props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <Parts.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Parts.Portal>
        <Parts.Overlay className="fixed inset-0 z-40 bg-black/35" />
        <Parts.Content
          onOpenAutoFocus={focusFirstField}
          {...(props.description ? {} : { "aria-describedby": undefined })}
          className={cn(
            "animate-enter fixed inset-x-3 top-[10vh] z-50 mx-auto flex max-h-[80vh] max-w-xl flex-col overflow-hidden rounded-2xl border border-line bg-surface shadow-card",
            props.className,
          )}
        >
          <DialogHead
            title={props.title}
            description={props.description}
            className="px-5 pt-4 pb-2"
            titleLook="text-base"
          />
          <div
            data-body
            tabIndex={-1}
            className="min-h-0 flex-1 overflow-auto -outline-offset-2 px-5 pt-1 pb-5"
          >
            {props.children}
          </div>
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  );
}
