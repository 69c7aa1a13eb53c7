import { Link } from "@tanstack/react-router";
import { Ago, useNow } from "@/parts/ago";
import { formatCount, formatMoney, formatSeconds } from "@/parts/figures";
import { StateBadge } from "@/parts/state_badge";
import type { RunRow } from "../-filters";

export function RunTable(props: { rows: readonly RunRow[] }) {
  return (
    <table className="w-full text-left">
      <thead>
        <tr className="border-b text-muted text-xs">
          <th className="py-2 pr-3 pl-4 font-medium sm:pl-6">State</th>
          <th className="py-2 pr-3 font-medium">Run</th>
          <th className="hidden py-2 pr-3 font-medium sm:table-cell">Agent</th>
          <th className="hidden py-2 pr-3 font-medium lg:table-cell">Model</th>
          <th className="hidden py-2 pr-3 text-right font-medium md:table-cell">Tokens</th>
          <th className="hidden py-2 pr-3 text-right font-medium sm:table-cell">Cost</th>
          <th className="hidden py-2 pr-3 text-right font-medium md:table-cell">Took</th>
          <th className="py-2 pr-4 text-right font-medium sm:pr-6">Started</th>
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <Row key={row.id} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ row }: { row: RunRow }) {
  return (
    <tr className="border-b hover:bg-surface">
      <td className="py-2.5 pr-3 pl-4 sm:pl-6">
        <StateBadge state={row.state} />
      </td>
      <td className="max-w-0 py-2.5 pr-3 sm:w-1/3">
        <Link
          to="/runs/$run"
          params={{ run: row.id }}
          className="block truncate font-medium hover:underline"
        >
          {row.id}
        </Link>
      </td>
      <td className="hidden truncate py-2.5 pr-3 sm:table-cell">{row.agent}</td>
      <td className="hidden py-2.5 pr-3 text-muted text-xs lg:table-cell">{row.model}</td>
      <td className="hidden py-2.5 pr-3 text-right text-muted md:table-cell">
        {formatCount(row.tokens)}
      </td>
      <td className="hidden py-2.5 pr-3 text-right sm:table-cell">
        {formatMoney(row.cost_micros)}
      </td>
      <td className="hidden py-2.5 pr-3 text-right text-muted md:table-cell">
        <Took row={row} />
      </td>
      <td className="whitespace-nowrap py-2.5 pr-4 text-right text-muted text-xs sm:pr-6">
        <Ago at={row.started} />
      </td>
    </tr>
  );
}

function Took({ row }: { row: RunRow }) {
  const now = useNow();
  return <>{formatSeconds(Math.max(0, (row.ended ?? now) - row.started))}</>;
}
