import type { ReactNode } from "react";
import { usePageTitle } from "./page_title";

/** The frame of a view: its heading, which is the title of the tab too, actions, and what it shows. */
export function View(props: {
  title: string;
  /** Beside the heading. */
  lead?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  usePageTitle(props.title);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-x-3 gap-y-2 border-b px-4 py-2.5 sm:px-6">
        <h1 className="min-w-0 truncate text-xl tracking-[-0.03em]">{props.title}</h1>
        {props.lead}
        <div className="ml-auto flex flex-wrap items-center gap-2">{props.actions}</div>
      </header>
      <div className="min-h-0 flex-1 overflow-auto">{props.children}</div>
    </div>
  );
}
