import { Link } from "@tanstack/react-router";
import { memo, type SyntheticEvent } from "react";
import { Ago, useNow } from "@/parts/ago";
import { formatCount, formatMoney, formatSeconds } from "@/parts/figures";
import { StateBadge } from "@/parts/state_badge";
import { cn } from "@/ui/cn";
import type { RunRow } from "../-filters";
import { Cell, GridRow } from "./cells";
import { describeWaiting } from "./waiting";

/** The columns, by the width of the list. */
export const COLUMNS = cn(
  "grid items-center gap-x-3 px-4 sm:px-6",
  "grid-cols-[1rem_auto_minmax(0,1fr)]",
  "@xl:grid-cols-[1rem_6rem_minmax(0,2fr)_minmax(0,1fr)_4rem_5rem]",
  "@3xl:grid-cols-[1rem_6rem_minmax(0,2fr)_minmax(0,1fr)_4rem_4rem_5.5rem_5rem]",
  "@5xl:grid-cols-[1rem_6rem_minmax(0,2fr)_minmax(0,1fr)_minmax(0,7rem)_4rem_4rem_6rem_5.5rem]",
);

export interface RowActions {
  activate: (id: string) => void;
  peek: (id: string) => void;
  select: (id: string, range: boolean) => void;
}

interface RowProps {
  row: RunRow;
  index: number;
  height: number;
  isCard: boolean;
  isActive: boolean;
  isTabStop: boolean;
  isSelected: boolean;
  isNew: boolean;
  showOwner: boolean;
  actions: RowActions;
}

export const Row = memo(function Row(props: RowProps) {
  const { row, actions, isTabStop, isSelected } = props;
  const Cells = props.isCard ? CardCells : TableCells;
  return (
    <GridRow
      aria-rowindex={props.index + 2}
      aria-selected={isSelected}
      tabIndex={isTabStop ? 0 : -1}
      onClick={(event) => {
        if (event.shiftKey) actions.select(row.id, true);
        actions.activate(row.id);
      }}
      onFocus={() => actions.activate(row.id)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.target !== event.currentTarget) return;
        event.preventDefault();
        event.currentTarget.querySelector("a")?.click();
      }}
      style={{ height: props.height, transform: `translateY(${props.index * props.height}px)` }}
      className={cn(
        "absolute inset-x-0 top-0 border-b transition-transform duration-300 hover:bg-surface",
        "-outline-offset-2",
        props.isCard ? "block" : COLUMNS,
        props.isActive && "bg-surface shadow-[inset_3px_0_0_var(--secondary)]",
        isSelected && "bg-info-soft hover:bg-info-soft",
      )}
    >
      <Cells {...props} />
    </GridRow>
  );
});

function TableCells({ row, isNew, showOwner, isTabStop, isSelected, actions }: RowProps) {
  return (
    <>
      <Cell>
        <SelectBox {...{ row, isTabStop, isSelected, actions }} />
      </Cell>
      <Cell className="flex">
        <StateBadge state={row.state} />
      </Cell>
      <Cell className={cn(isNew && "animate-enter")}>
        <RunLink row={row} isTabStop={isTabStop} />
        <Second row={row} />
      </Cell>
      <Cell className="@max-xl:hidden">
        <span className="block truncate">{row.agent}</span>
        <span className="block truncate text-muted text-xs">{row.model}</span>
      </Cell>
      <Cell className="@max-5xl:hidden truncate text-muted text-xs">
        {showOwner ? row.owner : row.session}
      </Cell>
      <Cell className="@max-3xl:hidden text-right text-muted">{formatCount(row.tokens)}</Cell>
      <Cell className="@max-xl:hidden text-right">{formatMoney(row.cost_micros)}</Cell>
      <Cell className="@max-3xl:hidden text-right text-muted">
        <Took row={row} />
      </Cell>
      <Cell className="@max-xl:hidden text-right text-muted text-xs">
        <Ago at={row.started} />
      </Cell>
    </>
  );
}

function CardCells({ row, isNew, isTabStop, isSelected, actions }: RowProps) {
  return (
    <Cell
      className={cn(
        "flex h-full flex-col justify-center gap-1 px-4 sm:px-6",
        isNew && "animate-enter",
      )}
    >
      <span className="flex items-center gap-2.5">
        <SelectBox {...{ row, isTabStop, isSelected, actions }} />
        <StateBadge state={row.state} />
        <Ago at={row.started} className="ml-auto text-muted text-xs" />
      </span>
      <span className="block min-w-0">
        <RunLink row={row} isTabStop={isTabStop} />
        <Second row={row} />
      </span>
      <span className="flex gap-3 text-muted text-xs">
        <span className="min-w-0 flex-1 truncate">{row.agent}</span>
        <span>{formatMoney(row.cost_micros)}</span>
        <Took row={row} />
      </span>
    </Cell>
  );
}

function SelectBox(props: Pick<RowProps, "row" | "isTabStop" | "isSelected" | "actions">) {
  const { row, isTabStop, isSelected, actions } = props;
  return (
    <label className="-m-2 flex size-8 items-center justify-center" onClick={stop} onKeyDown={stop}>
      <input
        type="checkbox"
        aria-label={`Select ${row.asked || row.id}`}
        tabIndex={isTabStop ? 0 : -1}
        checked={isSelected}
        className="size-4 accent-(--info)"
        onChange={(event) => {
          const { nativeEvent } = event;
          actions.select(row.id, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey);
        }}
      />
    </label>
  );
}

function stop(event: SyntheticEvent): void {
  event.stopPropagation();
}

function RunLink({ row, isTabStop }: Pick<RowProps, "row" | "isTabStop">) {
  return (
    <Link
      to="/runs/$run"
      params={{ run: row.id }}
      tabIndex={isTabStop ? 0 : -1}
      preload={false}
      aria-label={row.asked ? `${row.asked} ${row.id}` : row.id}
      onClick={(event) => event.shiftKey && event.preventDefault()}
      className="block truncate font-medium hover:underline"
    >
      {row.asked || row.id}
    </Link>
  );
}

/** The id, and what the run waits for. */
function Second({ row }: { row: RunRow }) {
  const waiting = row.state === "waiting" ? describeWaiting(row.waiting, row.owner) : null;
  return (
    <span className="flex min-w-0 gap-2 text-muted text-xs">
      {waiting && (
        <span className="truncate text-warn" title={waiting.question}>
          {waiting.text}
        </span>
      )}
      {row.fork_of && (
        <span className={cn("truncate", waiting && "@max-5xl:hidden")}>
          {row.whatif ? "what-if of" : "fork of"} {row.fork_of}
        </span>
      )}
      {row.asked && (
        <span
          className={cn(
            "truncate font-mono text-[0.6875rem]",
            waiting && "@max-5xl:hidden shrink-0",
            row.fork_of && "@max-5xl:hidden",
          )}
        >
          {row.id}
        </span>
      )}
    </span>
  );
}

function Took({ row }: { row: RunRow }) {
  const now = useNow();
  const seconds = Math.max(0, (row.ended ?? now) - row.started);
  return <span>{formatSeconds(row.ended == null ? Math.floor(seconds) : seconds)}</span>;
}
