import { Link } from "@tanstack/react-router";
import { Rows } from "@/parts/desk/section";
import { formatCount, formatMoney } from "@/parts/figures";
import {
  type CostSearch,
  type Group,
  type Measure,
  measureOf,
  nameOf,
  type Spending,
} from "../-cost";

/** What each agent, model, session, owner or day used. A name filters by it. */
export function SpendingRows(props: {
  rows: readonly Spending[];
  by: Group;
  measure: Measure;
  search: CostSearch;
}) {
  const { rows, by, measure } = props;
  const most = Math.max(1, ...rows.map((row) => measureOf(row, measure)));
  return (
    <>
      <div
        aria-hidden
        className="hidden items-center gap-4 border-b px-4 py-2 text-muted text-xs sm:flex"
      >
        <span className="flex-1 first-letter:uppercase">{by}</span>
        <span className="w-24 text-right">Cost</span>
        <span className="w-24 text-right">Tokens</span>
        <span className="w-16 text-right">Calls</span>
        <span className="w-16 text-right">Runs</span>
      </div>
      <Rows label={`Spending by ${by}`}>
        {rows.map((row) => (
          <li
            key={nameOf(row, by) ?? ""}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5"
          >
            <div className="min-w-0 flex-1 max-sm:basis-full">
              <Name row={row} by={by} search={props.search} />
              <div aria-hidden className="mt-1 h-1 rounded-full bg-sunken">
                <div
                  className="h-full rounded-full bg-secondary"
                  style={{ width: `${(100 * measureOf(row, measure)) / most}%` }}
                />
              </div>
            </div>
            <Figure unit="" wide>
              {row.cost_micros === 0 && row.unpriced > 0
                ? "price unknown"
                : formatMoney(row.cost_micros)}
            </Figure>
            <Figure unit="tokens" wide>
              {formatCount(row.input + row.output)}
            </Figure>
            <Figure unit={row.calls === 1 ? "call" : "calls"}>{formatCount(row.calls)}</Figure>
            <Figure unit={row.runs === 1 ? "run" : "runs"}>{formatCount(row.runs)}</Figure>
          </li>
        ))}
      </Rows>
    </>
  );
}

function Name(props: { row: Spending; by: Group; search: CostSearch }) {
  const { row, by, search } = props;
  const name = nameOf(row, by);
  if (name === undefined) {
    return <span className="text-muted">{by === "session" ? "no session" : "nobody"}</span>;
  }
  if (by === "day") return <span>{name}</span>;
  const next: Group = by === "agent" ? "model" : "agent";
  return (
    <Link
      to="/cost"
      search={{ ...search, [by]: name, group: next }}
      className="block truncate hover:underline"
    >
      {name}
    </Link>
  );
}

function Figure(props: { unit: string; wide?: boolean; children: string }) {
  return (
    <span className={`text-right text-xs max-sm:text-muted ${props.wide ? "sm:w-24" : "sm:w-16"}`}>
      {props.children}
      {props.unit && <span className="sm:sr-only"> {props.unit}</span>}
    </span>
  );
}
