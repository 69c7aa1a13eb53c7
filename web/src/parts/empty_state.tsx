import type { ReactNode } from "react";

/** Says that there is nothing here, why, and what to do. */
export function EmptyState(props: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-16 text-center">
      <p className="font-medium">{props.title}</p>
      {props.children && <div className="max-w-md text-muted">{props.children}</div>}
      {props.action && <div className="mt-3">{props.action}</div>}
    </div>
  );
}
