/** How much of a limit is used: spent, then reserved. Beside it stands the same in figures. */
export function UseBar(props: { label: string; spent: number; reserved?: number; limit: number }) {
  const { spent, reserved = 0, limit } = props;
  const full = limit > 0 && spent + reserved >= limit;
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers draw <meter> in colours of their own
    <div
      role="meter"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={limit}
      aria-valuenow={Math.min(limit, spent + reserved)}
      className="flex h-2 overflow-hidden rounded-full border border-line bg-sunken"
    >
      <div className={full ? "bg-warn" : "bg-secondary"} style={{ width: shareOf(spent, limit) }} />
      <div className="bg-secondary/45" style={{ width: shareOf(reserved, limit) }} />
    </div>
  );
}

function shareOf(part: number, whole: number): string {
  return `${whole > 0 ? Math.min(100, (100 * part) / whole) : 0}%`;
}
