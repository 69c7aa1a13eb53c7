import { Tabs as Parts } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn";

export interface Tab {
  id: string;
  title: ReactNode;
}

/** Tabs whose selection the caller keeps, usually in the URL. */
export function Tabs(props: {
  tabs: readonly Tab[];
  selected: string;
  onSelect: (id: string) => void;
  label: string;
  children: ReactNode;
  className?: string;
}) {
  return (
    <Parts.Root
      value={props.selected}
      onValueChange={props.onSelect}
      className={cn("flex min-h-0 flex-1 flex-col", props.className)}
    >
      <Parts.List
        aria-label={props.label}
        className="scroll-fade-x flex shrink-0 gap-1 overflow-x-auto border-b px-4"
      >
        {props.tabs.map((tab) => (
          <Parts.Trigger
            key={tab.id}
            value={tab.id}
            className="-mb-px shrink-0 whitespace-nowrap border-transparent border-b-2 -outline-offset-2 px-2.5 py-2 text-muted text-sm hover:text-ink data-[state=active]:border-ink data-[state=active]:font-medium data-[state=active]:text-ink"
          >
            {tab.title}
          </Parts.Trigger>
        ))}
      </Parts.List>
      {props.children}
    </Parts.Root>
  );
}

export function TabPanel(props: { id: string; children: ReactNode; className?: string }) {
  return (
    <Parts.Content value={props.id} className={cn("min-h-0 flex-1 overflow-auto", props.className)}>
      {props.children}
    </Parts.Content>
  );
}
