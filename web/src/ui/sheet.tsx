import { Dialog as Parts } from "radix-ui";
import type { KeyboardEvent, ReactNode } from "react";
import { DialogHead } from "./dialog_head";
import { focusFirstField } from "./first_field";

/** A sheet at the side that keeps the focus until it closes; on a narrow screen it covers the page. */
export function Sheet(props: {
  onClose: () => void;
  title: ReactNode;
  description?: ReactNode;
  children: ReactNode;
  /** Stays in sight below what scrolls. */
  footer?: ReactNode;
  /** Ctrl-Enter: what the main button does. */
  onSend?: () => void;
}) {
  const press = (event: KeyboardEvent) => {
    if (!props.onSend || event.key !== "Enter" || event.repeat) return;
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    props.onSend();
  };
  return (
    <Parts.Root open onOpenChange={(open) => !open && props.onClose()}>
      <Parts.Portal>
        <Parts.Overlay className="fixed inset-0 z-40 bg-black/35" />
        <Parts.Content
          onOpenAutoFocus={focusFirstField}
          onKeyDown={press}
          {...(props.description ? {} : { "aria-describedby": undefined })}
          className="animate-slide-in fixed inset-y-0 right-0 z-50 flex w-full max-w-xl flex-col border-l bg-surface shadow-card"
        >
          <DialogHead
            title={props.title}
            description={props.description}
            className="border-b px-5 py-4"
            titleLook="text-lg tracking-[-0.02em]"
          />
          <div
            data-body
            tabIndex={-1}
            className="min-h-0 flex-1 overflow-auto -outline-offset-2 px-5 py-4"
          >
            {props.children}
          </div>
          {props.footer && (
            <footer className="flex flex-wrap items-center gap-2 border-t bg-surface px-5 py-3">
              {props.footer}
            </footer>
          )}
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  );
}
