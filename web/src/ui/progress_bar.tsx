/** How much of something is done; unknown totals move without an end. */
export function ProgressBar(props: { done: number; total: number; label: string }) {
  const share = props.total ? Math.min(100, (100 * props.done) / props.total) : 0;
  return (
    <div
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={props.total || undefined}
      aria-valuenow={props.total ? props.done : undefined}
      className="h-1.5 overflow-hidden rounded-full bg-sunken"
    >
      <div
        className="h-full rounded-full bg-primary transition-[width] duration-300"
        style={{ width: `${props.total ? share : 30}%` }}
      />
    </div>
  );
}
