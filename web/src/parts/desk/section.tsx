import { type ReactNode, useId } from "react";
import { cn } from "@/ui/cn";

/** What a view consists of: one column that is not too wide to read. */
export function Column(props: { children: ReactNode; className?: string }) {
  return (
    <div
      className={cn(
        "mx-auto flex max-w-5xl flex-col gap-8 px-4 pt-5 pb-20 sm:px-6",
        props.className,
      )}
    >
      {props.children}
    </div>
  );
}

/** A part of a view under a heading of its own. */
export function Section(props: {
  title: ReactNode;
  lead?: ReactNode;
  actions?: ReactNode;
  /** Without the frame around its content. */
  bare?: boolean;
  children: ReactNode;
  className?: string;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={cn("min-w-0", props.className)}>
      <div className="mb-2.5 flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1.5">
        <h2 id={id} className="text-base">
          {props.title}
        </h2>
        {props.actions && (
          <div className="ml-auto flex flex-wrap items-center gap-2">{props.actions}</div>
        )}
        {props.lead && <div className="w-full text-muted text-sm">{props.lead}</div>}
      </div>
      {props.bare ? (
        props.children
      ) : (
        <div className="overflow-hidden rounded-lg border border-line-soft bg-surface">
          {props.children}
        </div>
      )}
    </section>
  );
}

export interface Fact {
  name: string;
  value: ReactNode;
}

/** Facts in two columns; those without a value are left out. */
export function Facts(props: { facts: readonly (Fact | false | undefined)[] }) {
  return (
    <dl className="divide-y divide-line-soft">
      {props.facts.map(
        (fact) =>
          fact && (
            <div key={fact.name} className="gap-4 px-4 py-2.5 sm:flex">
              <dt className="w-40 shrink-0 text-muted text-xs leading-5">{fact.name}</dt>
              <dd className="min-w-0 flex-1 break-words">{fact.value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** Rows under each other in a section. */
export function Rows(props: { children: ReactNode; label?: string }) {
  return (
    <ul aria-label={props.label} className="divide-y divide-line-soft">
      {props.children}
    </ul>
  );
}
