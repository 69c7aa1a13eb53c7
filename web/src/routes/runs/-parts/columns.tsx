import type { ReactNode } from "react";
import { Ago } from "@/parts/ago";
import { formatCount, formatMoney } from "@/parts/figures";
import { StateBadge } from "@/parts/state_badge";
import { cn } from "@/ui/cn";
import { type RowProps, RunLink, Second, SelectBox, Took } from "./row_parts";

/** Classes of a column that only wide lists show. Below `xl`, rows are cards. */
export const FROM = {
  xl: "@max-xl:hidden",
  "3xl": "@max-3xl:hidden",
  "5xl": "@max-5xl:hidden",
} as const;

type Width = keyof typeof FROM;

interface Column {
  id: string;
  /** Its heading; of the first, a box that selects all. */
  title: string | ((look: { showOwner: boolean; isCards: boolean }) => string);
  hint?: string;
  /** Its track of the grid. */
  width: string;
  /** The narrowest list that shows it; undefined: all do. */
  from?: Width;
  right?: true;
  /** Classes of its cells. */
  look?: string;
  Content: (props: RowProps) => ReactNode;
}

const ORDER =
  "Open runs come first, the newest at the top; then those that ended, the last first. " +
  "Temporal sets this order.";
const FIGURE = "text-right text-muted";

export const COLUMNS: readonly Column[] = [
  { id: "select", title: "", width: "1rem", Content: SelectBox },
  {
    id: "state",
    title: "State",
    width: "6rem",
    look: "flex",
    Content: ({ row }) => <StateBadge state={row.state} />,
  },
  {
    id: "run",
    title: ({ isCards }) => `${isCards ? "Open" : "Run: open"} first, then last ended`,
    hint: ORDER,
    width: "minmax(0,2fr)",
    Content: (props) => (
      <div className={cn(props.isNew && "animate-enter")}>
        <RunLink {...props} />
        <Second row={props.row} />
      </div>
    ),
  },
  {
    id: "agent",
    title: "Agent and model",
    width: "minmax(0,1fr)",
    from: "xl",
    Content: ({ row }) => (
      <>
        <span className="block truncate">{row.agent}</span>
        <span className="block truncate text-muted text-xs">{row.model}</span>
      </>
    ),
  },
  {
    id: "owner",
    title: ({ showOwner }) => (showOwner ? "Owner" : "Session"),
    width: "minmax(0,7rem)",
    from: "5xl",
    look: "truncate text-muted text-xs",
    Content: ({ row, showOwner }) => (showOwner ? row.owner : row.session),
  },
  {
    id: "tokens",
    title: "Tokens",
    width: "4rem",
    from: "3xl",
    right: true,
    look: FIGURE,
    Content: ({ row }) => formatCount(row.tokens),
  },
  {
    id: "cost",
    title: "Cost",
    width: "4rem",
    from: "xl",
    right: true,
    look: "text-right",
    Content: ({ row }) => formatMoney(row.cost_micros),
  },
  {
    id: "time",
    title: "Time",
    width: "6rem",
    from: "3xl",
    right: true,
    look: FIGURE,
    Content: Took,
  },
  {
    id: "started",
    title: "Started",
    width: "5.5rem",
    from: "xl",
    right: true,
    look: `${FIGURE} text-xs`,
    Content: ({ row }) => <Ago at={row.started} />,
  },
];

/** A row of the grid; its tracks are those of `TRACKS`. */
export const GRID = cn(
  "grid items-center gap-x-3 px-4 sm:px-6",
  "grid-cols-[1rem_auto_minmax(0,1fr)]", // the heading of cards
  "@xl:grid-cols-(--tracks-xl) @3xl:grid-cols-(--tracks-3xl) @5xl:grid-cols-(--tracks-5xl)",
);

/** The tracks of each width of the list, as variables that all rows inherit. */
export const TRACKS: Record<string, string> = Object.fromEntries(
  (Object.keys(FROM) as Width[]).map((width) => [`--tracks-${width}`, listTracks(width)]),
);

function listTracks(width: Width): string {
  const order: readonly Width[] = ["xl", "3xl", "5xl"];
  const shown = order.slice(0, order.indexOf(width) + 1);
  return COLUMNS.filter(({ from }) => !from || shown.includes(from))
    .map((column) => column.width)
    .join(" ");
}
