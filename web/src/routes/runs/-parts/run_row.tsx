import { memo } from "react";
import { Ago } from "@/parts/ago";
import { formatMoney } from "@/parts/figures";
import { StateBadge } from "@/parts/state_badge";
import { cn } from "@/ui/cn";
import { Cell, GridRow } from "./cells";
import { COLUMNS, FROM, GRID } from "./columns";
import { type RowProps, RunLink, Second, SelectBox, Took } from "./row_parts";

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
        props.isCard ? "block" : GRID,
        props.isActive && "bg-surface shadow-[inset_3px_0_0_var(--secondary)]",
        isSelected && "bg-info-soft hover:bg-info-soft",
      )}
    >
      <Cells {...props} />
    </GridRow>
  );
});

function TableCells(props: RowProps) {
  return COLUMNS.map(({ id, from, look, Content }) => (
    <Cell key={id} className={cn(from && FROM[from], look)}>
      <Content {...props} />
    </Cell>
  ));
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
