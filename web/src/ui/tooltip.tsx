import { Tooltip as Parts } from "radix-ui";
import type { ReactNode } from "react";

/** Names what an icon does, and its key. */
export function Tooltip(props: { text: ReactNode; children: ReactNode }) {
  return (
    <Parts.Provider delayDuration={400}>
      <Parts.Root>
        <Parts.Trigger asChild>{props.children}</Parts.Trigger>
        <Parts.Portal>
          <Parts.Content
            sideOffset={6}
            className="z-50 rounded-sm bg-ink px-2 py-1 text-canvas text-xs shadow-card"
          >
            {props.text}
          </Parts.Content>
        </Parts.Portal>
      </Parts.Root>
    </Parts.Provider>
  );
}
