import { cn } from "./cn";

/** Stands where content is being loaded. */
export function Skeleton(props: { className?: string }) {
  return (
    <div aria-hidden className={cn("animate-pulse-soft rounded-md bg-sunken", props.className)} />
  );
}

export function SkeletonRows(props: { rows: number }) {
  return (
    <div className="flex flex-col gap-2 p-4" role="status" aria-label="Loading">
      {Array.from({ length: props.rows }, (_, row) => (
        <Skeleton key={row} className="h-9" />
      ))}
    </div>
  );
}
