import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useCallback, useEffect, useRef } from "react";
import { Button } from "@/ui/button";
import { useRunView } from "../-view";
import type { Shown } from "./filter";
import { StepRow } from "./step_row";
import type { OpenSteps } from "./use_open_steps";
import { useTail } from "./use_tail";
import { useUndone } from "./use_undone";

const CLOSED_PX = 44;
const OPEN_PX = 120;

/** The steps; only those in sight are in the document. */
export function StepList(props: { shown: readonly Shown[] | null; open: OpenSteps }) {
  const { shown, open } = props;
  const { run, log, version, card, selected, select } = useRunView();
  const { steps } = log;
  const scroller = useRef<HTMLElement>(null);
  const count = shown?.length ?? steps.length;
  const stepAt = (row: number) => steps[shown ? (shown[row]?.place ?? -1) : row];
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    getItemKey: (row) => stepAt(row)?.key ?? row,
    estimateSize: (row) => {
      const step = stepAt(row);
      return step && open.isOpen(step) ? OPEN_PX : CLOSED_PX;
    },
    overscan: 6,
    scrollPaddingEnd: 56, // the button that jumps to the newest step stands there
  });
  const isOver = log.ended !== undefined || card?.ended != null;
  const tail = useTail(scroller, `${version} ${rows.getTotalSize()}`, {
    wanted: selected === undefined && !shown && card !== undefined && !isOver,
    count,
  });
  const { leave } = tail;
  const show = useRef((_key: string) => {});
  show.current = (key: string) => {
    const place = log.placeOf(key);
    const row = shown ? shown.findIndex((each) => each.place === place) : place;
    if (row >= 0) rows.scrollToIndex(row, { align: "auto" });
  };
  const isKnown = selected !== undefined && log.placeOf(selected) >= 0;
  useEffect(() => {
    if (!selected || !isKnown) return;
    leave();
    show.current(selected);
  }, [selected, isKnown, leave]);
  // The link that led here names a step: the keyboard stays where it was until somebody chooses.
  const linked = useRef(selected);
  const toggle = useCallback(
    (key: string, isOpen: boolean) => {
      open.set(key, isOpen);
      leave();
      select(key);
    },
    [open, leave, select],
  );
  const undone = useUndone();
  const from = log.started?.at ?? 0;
  return (
    <div className="relative min-h-0 flex-1">
      <section
        ref={scroller}
        aria-label="Steps"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="h-full overflow-auto -outline-offset-2 [overflow-anchor:none]"
      >
        <ol className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const step = stepAt(row.index);
            if (!step) return null;
            return (
              <li
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                aria-setsize={count}
                aria-posinset={row.index + 1}
                className="absolute inset-x-0 border-b"
                style={{ transform: `translateY(${row.start}px)` }}
              >
                <StepRow
                  run={run}
                  step={step}
                  version={step.version}
                  open={open.isOpen(step)}
                  selected={step.key === selected}
                  dimmed={shown !== null && shown[row.index]?.matches === false}
                  hidden={shown?.[row.index]?.hidden ?? 0}
                  takeFocus={step.key !== linked.current}
                  from={from}
                  undone={step.kind === "tool" && undone.calls.has(`${step.turn} ${step.callId}`)}
                  onToggle={toggle}
                />
              </li>
            );
          })}
        </ol>
      </section>
      {tail.behind && !isOver && (
        <Button
          size="sm"
          tone="primary"
          className="absolute right-4 bottom-3 shadow-card sm:right-6"
          onClick={tail.jump}
        >
          <ArrowDown aria-hidden /> Jump to newest
          {tail.unseen > 0 && ` (${tail.unseen.toLocaleString("en")} new)`}
        </Button>
      )}
    </div>
  );
}
