/** What rows show of a run, in a table and on a card. */
import { Link } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { useNow } from "@/parts/ago";
import { formatSeconds } from "@/parts/figures";
import { cn } from "@/ui/cn";
import type { RunRow } from "../-filters";
import { describeWaiting } from "./waiting";

export interface RowActions {
  activate: (id: string) => void;
  peek: (id: string) => void;
  select: (id: string, range: boolean) => void;
}

export interface RowProps {
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

export function SelectBox(props: Pick<RowProps, "row" | "isTabStop" | "isSelected" | "actions">) {
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

export function RunLink({ row, isTabStop }: Pick<RowProps, "row" | "isTabStop">) {
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
export function Second({ row }: { row: RunRow }) {
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

export function Took({ row }: { row: RunRow }) {
  const now = useNow();
  const seconds = Math.max(0, (row.ended ?? now) - row.started);
  return <span>{formatSeconds(row.ended == null ? Math.floor(seconds) : seconds)}</span>;
}
