import type { ReactNode } from "react";
import { formatCount, formatMoney } from "@/parts/figures";
import type { Spending } from "../-cost";

/** What everything together cost. */
export function Sums({ total }: { total: Spending }) {
  const cached = total.input > 0 ? Math.round((100 * total.cached) / total.input) : 0;
  return (
    <div>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-4">
        <Sum name="Cost" value={formatMoney(total.cost_micros)} />
        <Sum
          name="Tokens"
          value={formatCount(total.input + total.output)}
          note={`${formatCount(total.input)} in (${cached} % cached), ${formatCount(total.output)} out`}
        />
        <Sum name="Model calls" value={formatCount(total.calls)} />
        <Sum name="Runs" value={formatCount(total.runs)} />
      </dl>
      {(total.unpriced > 0 || total.estimated > 0) && (
        <p className="mt-3 text-warn text-xs">
          {[
            total.unpriced > 0 &&
              `${count(total.unpriced)} of a model whose price is not known: not in the cost.`,
            total.estimated > 0 &&
              `${count(total.estimated)} whose provider did not report the tokens: estimated.`,
          ]
            .filter(Boolean)
            .join(" ")}
        </p>
      )}
    </div>
  );
}

function count(calls: number): string {
  return `${formatCount(calls)} ${calls === 1 ? "call" : "calls"}`;
}

function Sum(props: { name: string; value: string; note?: ReactNode }) {
  return (
    <div>
      <dt className="text-muted text-xs">{props.name}</dt>
      <dd>
        <span className="text-2xl tracking-[-0.03em]">{props.value}</span>
        {props.note && <span className="block text-muted text-xs">{props.note}</span>}
      </dd>
    </div>
  );
}
