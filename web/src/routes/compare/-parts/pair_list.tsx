import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, CircleEqual } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useCommands } from "@/parts/commands";
import { Button } from "@/ui/button";
import { PairRow } from "./pair_row";
import { type Item, nextDifference, placesOfDifferences } from "./rows";

/** The aligned steps of two runs, with keys that go from difference to difference. */
export function PairList(props: {
  items: readonly Item[];
  header: ReactNode;
  /** The turn in which they part; null if they are the same. */
  turn: number | null;
  all: boolean;
  setAll: (all: boolean) => void;
}) {
  const { items, all } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const places = placesOfDifferences(items);
  const [selected, setSelected] = useState<number>();
  const focus = useRef(false);
  const list = useRef<HTMLOListElement>(null);
  const margin = useTop(scroller, list);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    getItemKey: (place) => items[place]?.key ?? place,
    estimateSize: (place) => (items[place]?.kind === "pair" ? 160 : 36),
    overscan: 4,
    scrollMargin: margin,
    paddingStart: 8,
    paddingEnd: 32,
    scrollPaddingStart: 96,
  });

  const go = (by: 1 | -1) => {
    const now = selected === undefined ? undefined : places[selected];
    const next = nextDifference(places, now, by);
    if (next === undefined) return;
    focus.current = true;
    setSelected(places.indexOf(next));
    rows.scrollToIndex(next, { align: "start" });
  };
  useFocusOnSelected(scroller, selected, focus);
  useCommands([
    {
      id: "next-difference",
      title: "Next difference",
      group: "Compare",
      keys: "n",
      icon: ArrowDown,
      run: () => go(1),
    },
    {
      id: "previous-difference",
      title: "Previous difference",
      group: "Compare",
      keys: "p",
      icon: ArrowUp,
      run: () => go(-1),
    },
    {
      id: "only-differences",
      title: all ? "Show only differences" : "Show what is the same too",
      group: "Compare",
      keys: "o",
      run: () => props.setAll(!all),
    },
  ]);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div ref={scroller} tabIndex={0} className="min-h-0 flex-1 overflow-auto">
      {props.header}
      <Toolbar
        turn={props.turn}
        count={places.length}
        selected={selected}
        all={all}
        setAll={props.setAll}
        go={go}
      />
      {places.length === 0 && <NothingDiffers />}
      <ol ref={list} className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const item = items[row.index];
          return (
            item && (
              <li
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                className="absolute inset-x-0 px-4 pb-2 sm:px-6"
                style={{ transform: `translateY(${row.start - margin}px)` }}
              >
                {item.kind === "pair" ? (
                  <PairRow
                    pair={item}
                    total={places.length}
                    selected={selected !== undefined && item.difference === selected}
                  />
                ) : (
                  <Between item={item} />
                )}
              </li>
            )
          );
        })}
      </ol>
    </div>
  );
}

/** How far the list begins below the top of what scrolls: above it is what loads later. */
function useTop(
  scroller: React.RefObject<HTMLElement | null>,
  list: React.RefObject<HTMLElement | null>,
): number {
  const [top, setTop] = useState(0);
  useEffect(() => {
    const above = list.current?.previousElementSibling?.parentElement?.children ?? [];
    const measure = () => {
      if (!scroller.current || !list.current) return;
      const { top: begin } = scroller.current.getBoundingClientRect();
      const at = list.current.getBoundingClientRect().top - begin + scroller.current.scrollTop;
      setTop(Math.round(at));
    };
    const watch = new ResizeObserver(measure);
    for (const each of above) if (each !== list.current) watch.observe(each);
    measure();
    return () => watch.disconnect();
  }, [scroller, list]);
  return top;
}

/** The row may be drawn only after it was scrolled to. */
function useFocusOnSelected(
  scroller: React.RefObject<HTMLDivElement | null>,
  selected: number | undefined,
  wanted: React.RefObject<boolean>,
): void {
  useEffect(() => {
    if (selected === undefined || !wanted.current) return;
    let tries = 0;
    const look = () => {
      const row = scroller.current?.querySelector<HTMLElement>(`[data-difference="${selected}"]`);
      if (row) row.focus({ preventScroll: true });
      else if (tries++ < 10) frame = requestAnimationFrame(look);
    };
    let frame = requestAnimationFrame(look);
    return () => cancelAnimationFrame(frame);
  }, [scroller, selected, wanted]);
}

function Toolbar(props: {
  turn: number | null;
  count: number;
  selected: number | undefined;
  all: boolean;
  setAll: (all: boolean) => void;
  go: (by: 1 | -1) => void;
}) {
  const { count, selected } = props;
  return (
    <div className="sticky top-0 z-10 flex flex-wrap items-center gap-x-3 gap-y-1 border-b bg-canvas px-4 py-2 sm:px-6">
      <p role="status" className="text-sm">
        {props.turn === null ? "No difference" : `They diverge in turn ${props.turn}`}
        {count > 0 && (
          <span className="text-muted text-xs">
            {" "}
            {selected === undefined ? "" : `${selected + 1} of `}
            {count} {count === 1 ? "difference" : "differences"}
          </span>
        )}
      </p>
      <label className="ml-auto flex items-center gap-1.5 text-xs">
        <input
          type="checkbox"
          checked={!props.all}
          onChange={(event) => props.setAll(!event.target.checked)}
        />
        Only differences
      </label>
      <span className="flex gap-1">
        <Button
          size="icon"
          aria-label="Previous difference"
          disabled={count === 0}
          onClick={() => props.go(-1)}
        >
          <ArrowUp aria-hidden />
        </Button>
        <Button
          size="icon"
          aria-label="Next difference"
          disabled={count === 0}
          onClick={() => props.go(1)}
        >
          <ArrowDown aria-hidden />
        </Button>
      </span>
    </div>
  );
}

function Between({ item }: { item: Exclude<Item, { kind: "pair" }> }) {
  if (item.kind === "same")
    return (
      <p className="flex items-center gap-2 py-1 text-muted text-xs">
        <CircleEqual aria-hidden className="size-3.5" />
        {item.count.toLocaleString("en")} {item.count === 1 ? "step is" : "steps are"} the same
      </p>
    );
  return (
    <h2 className="pt-3 pb-1 font-medium text-muted text-xs">
      {item.left === item.right || item.right === undefined
        ? `Turn ${item.left}`
        : item.left === undefined
          ? `Turn ${item.right} on the right`
          : `Turn ${item.left} on the left, ${item.right} on the right`}
    </h2>
  );
}

function NothingDiffers() {
  return (
    <p className="px-4 pt-4 sm:px-6">
      Both runs did the same: the same messages, tool calls, results and end.
    </p>
  );
}
