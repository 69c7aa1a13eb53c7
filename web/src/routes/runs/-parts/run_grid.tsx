import { type KeyboardEvent, type RefObject, useEffect, useRef } from "react";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import type { RunRow } from "../-filters";
import { GridRow, HeadCell, RowGroup } from "./cells";
import { COLUMNS, FROM, GRID, TRACKS } from "./columns";
import type { RowActions } from "./row_parts";
import { Row } from "./run_row";
import { type Selection, selectTo, toggle, toggleAll } from "./selection";
import type { Shown } from "./use_window";

const NEW_MS = 1_000;

interface GridProps {
  scroller: RefObject<HTMLDivElement | null>;
  rows: readonly RunRow[];
  shown: Shown;
  active: string | null;
  onActivate: (id: string) => void;
  onPeek: (id: string) => void;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  showOwner: boolean;
  hasMore: boolean;
  isLoadingMore: boolean;
  onMore: () => void;
}

/** The rows: a grid in which one row at a time takes the focus. */
export function RunGrid(props: GridProps) {
  const { scroller, rows, shown, active, selection } = props;
  const at = active === null ? -1 : rows.findIndex((row) => row.id === active);
  useKeepInView(scroller, at, active, shown);
  const arrivals = useArrivals(rows);
  const actions = useRowActions(props);
  const indexes: number[] = [];
  for (let row = shown.start; row < Math.min(shown.end, rows.length); row++) indexes.push(row);
  // The row with the focus stays, also when it is scrolled away.
  if (at !== -1 && (at < shown.start || at >= shown.end)) indexes.push(at);
  const tabStop = at === -1 ? shown.start : at;
  return (
    <div
      ref={scroller}
      className={cn("@container min-h-0 flex-1 overflow-auto", rows.length === 0 && "hidden")}
    >
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: its rows take the focus
        role="grid"
        aria-label="Runs"
        aria-multiselectable
        aria-rowcount={props.hasMore ? -1 : rows.length + 1}
        onKeyDown={(event) => pressKey(event, props, at)}
        className="block"
        style={TRACKS}
      >
        <RowGroup head className="sticky top-0 z-10 bg-canvas">
          <Head {...props} isCards={shown.isCards} />
        </RowGroup>
        <RowGroup className="relative" style={{ height: rows.length * shown.rowHeight }}>
          {indexes.map((index) => {
            const row = rows[index];
            if (!row) return null;
            return (
              <Row
                key={row.id}
                row={row}
                index={index}
                height={shown.rowHeight}
                isCard={shown.isCards}
                isActive={row.id === active}
                isTabStop={index === tabStop}
                isSelected={selection.ids.has(row.id)}
                isNew={arrivals.has(row.id)}
                showOwner={props.showOwner}
                actions={actions}
              />
            );
          })}
        </RowGroup>
      </table>
      {props.hasMore && (
        <div className="flex justify-center p-4">
          <Button size="sm" disabled={props.isLoadingMore} onClick={props.onMore}>
            {props.isLoadingMore ? "Loading older runs" : "Show older runs"}
          </Button>
        </div>
      )}
    </div>
  );
}

function Head(props: GridProps & { isCards: boolean }) {
  const { rows, selection } = props;
  const all = rows.length > 0 && rows.every((row) => selection.ids.has(row.id));
  const box = (
    <input
      type="checkbox"
      aria-label="Select all runs shown"
      className="size-4 accent-(--info)"
      checked={all}
      ref={(element) => {
        if (element) element.indeterminate = !all && selection.ids.size > 0;
      }}
      onChange={() =>
        props.onSelect(
          toggleAll(
            selection,
            rows.map((row) => row.id),
          ),
        )
      }
    />
  );
  return (
    <GridRow aria-rowindex={1} className={cn(GRID, "h-9 border-b text-muted text-xs")}>
      {COLUMNS.map(({ id, title, hint, from, right }) => (
        <HeadCell
          key={id}
          title={hint}
          className={cn(
            from && FROM[from],
            id === "select" && "flex",
            (right || (id === "run" && props.isCards)) && "text-right",
          )}
        >
          {id === "select" ? box : typeof title === "string" ? title : title(props)}
        </HeadCell>
      ))}
    </GridRow>
  );
}

/** What rows can do, as an object that never changes: else each change would draw all rows. */
function useRowActions(props: GridProps): RowActions {
  const newest = useRef(props);
  newest.current = props;
  const actions = useRef<RowActions>({
    activate: (id) => newest.current.onActivate(id),
    peek: (id) => newest.current.onPeek(id),
    select: (id, range) => {
      const { selection, onSelect, rows } = newest.current;
      onSelect(
        range
          ? selectTo(
              selection,
              id,
              rows.map((row) => row.id),
            )
          : toggle(selection, id),
      );
    },
  });
  return actions.current;
}

function pressKey(event: KeyboardEvent<HTMLElement>, props: GridProps, at: number): void {
  const { rows, shown, selection } = props;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const page = Math.max(1, shown.end - shown.start - 12);
  const steps: Record<string, number> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -rows.length,
    End: rows.length,
  };
  const step = steps[event.key];
  if (step !== undefined) {
    const to = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
    if (!to) return;
    event.preventDefault();
    if (event.shiftKey) {
      const anchored = selection.anchor ?? rows[at]?.id ?? to.id;
      const order = rows.map((row) => row.id);
      props.onSelect(selectTo({ ...selection, anchor: anchored }, to.id, order));
    }
    props.onActivate(to.id);
    return;
  }
  const row = rows[at];
  const onRow = event.target instanceof HTMLElement && event.target.role === "row";
  if (!row) return;
  if (event.key === " " && onRow) {
    event.preventDefault();
    props.onPeek(row.id);
  } else if (event.key === "X" && event.shiftKey) {
    event.preventDefault();
    props.onSelect(
      selectTo(
        selection,
        row.id,
        rows.map((each) => each.id),
      ),
    );
  }
}

/** Scrolls to the active row and gives it the focus, when another row has become active. */
function useKeepInView(
  scroller: RefObject<HTMLDivElement | null>,
  at: number,
  active: string | null,
  shown: Shown,
): void {
  const last = useRef<string | null>(active);
  useEffect(() => {
    const element = scroller.current;
    if (!element || at === -1 || last.current === active) return;
    last.current = active;
    const top = at * shown.rowHeight;
    const room = element.clientHeight - 36; // below the head, which stays
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + shown.rowHeight > element.scrollTop + room) {
      element.scrollTop = top + shown.rowHeight - room;
    }
    const row = element.querySelector<HTMLElement>(`[aria-rowindex="${at + 2}"]`);
    if (row && !row.contains(document.activeElement)) row.focus({ preventScroll: true });
  }, [scroller, at, active, shown.rowHeight]);
}

/** The rows that have just arrived above the others. */
function useArrivals(rows: readonly RunRow[]): ReadonlySet<string> {
  const top = useRef<string | undefined>(undefined);
  const arrivals = useRef(new Map<string, number>());
  const first = rows[0]?.id;
  if (first !== top.current) {
    const before = rows.findIndex((row) => row.id === top.current);
    const now = performance.now();
    for (const row of rows.slice(0, Math.max(0, before))) arrivals.current.set(row.id, now);
    top.current = first;
  }
  for (const [id, at] of arrivals.current) {
    if (performance.now() - at > NEW_MS) arrivals.current.delete(id);
  }
  return new Set(arrivals.current.keys());
}
