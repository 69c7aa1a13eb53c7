import { Link } from "@tanstack/react-router";
import { HandCoins, Hourglass } from "lucide-react";
import { useState } from "react";
import { Ago, useNow } from "@/parts/ago";
import { Badge, Chip } from "@/parts/desk/badge";
import { UseBar } from "@/parts/desk/use_bar";
import { formatCount, formatMoney, formatSeconds } from "@/parts/figures";
import { Button } from "@/ui/button";
import { type SharedBudget, splitName, type Use, usesOf } from "../-budgets";
import { GrantDialog } from "./grant_dialog";

/** A shared budget: how much of it is used, who waits for more. */
export function BudgetRow(props: { budget: SharedBudget; may: boolean }) {
  const { budget } = props;
  const [granting, setGranting] = useState(false);
  const uses = usesOf(budget, useNow());
  const lost = budget.lost_tokens > 0 || budget.lost_micros > 0;
  return (
    <li className="px-4 py-3">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <Name budget={budget.budget} />
            {budget.day && <Chip>{budget.day}, UTC</Chip>}
            {budget.waiting > 0 && (
              <Badge icon={Hourglass} tone="warn">
                {budget.waiting} {budget.waiting === 1 ? "run waits" : "runs wait"}
              </Badge>
            )}
          </p>
          <p className="mt-0.5 text-muted text-xs">
            {formatCount(budget.calls)} {budget.calls === 1 ? "call" : "calls"}, the last one{" "}
            <Ago at={Date.parse(budget.used) / 1000} />
            {budget.grants > 0 && `; more was granted ${times(budget.grants)}`}
            {budget.owner && `; of ${budget.owner}`}
          </p>
        </div>
        {props.may && (
          <Button
            size="sm"
            aria-label={`Grant more of ${budget.budget}`}
            onClick={() => setGranting(true)}
          >
            <HandCoins aria-hidden /> Grant more
          </Button>
        )}
      </div>
      <div className="mt-2 grid gap-x-6 gap-y-2 sm:grid-cols-2 lg:grid-cols-3">
        {uses.map((use) => (
          <Meter key={use.unit} use={use} budget={budget.budget} />
        ))}
      </div>
      {lost && (
        <p className="mt-2 text-muted text-xs">
          {formatCount(budget.lost_tokens)} tokens and {formatMoney(budget.lost_micros)} of it were
          reserved by calls whose worker died: they count as spent.
        </p>
      )}
      {granting && <GrantDialog budget={budget} onClose={() => setGranting(false)} />}
    </li>
  );
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function Name({ budget }: { budget: string }) {
  const { kind, name } = splitName(budget);
  const look = "min-w-0 truncate font-medium hover:underline";
  return (
    <>
      <Chip>{kind}</Chip>
      {kind === "run" ? (
        <Link to="/runs/$run" params={{ run: name }} className={look}>
          {name}
        </Link>
      ) : kind === "session" ? (
        <Link to="/runs" search={{ session: name }} className={look}>
          {name}
        </Link>
      ) : (
        <span className="min-w-0 truncate font-medium">{name}</span>
      )}
    </>
  );
}

const UNITS = {
  tokens: { title: "Tokens", write: formatCount },
  cost: { title: "Money", write: formatMoney },
  seconds: { title: "Time", write: formatSeconds },
} as const;

function Meter({ use, budget }: { use: Use; budget: string }) {
  const { title, write } = UNITS[use.unit];
  return (
    <div>
      <p className="mb-1 flex justify-between gap-3 text-xs">
        <span className="text-muted">{title}</span>
        <span>
          {write(use.spent)}
          {use.reserved > 0 && (
            <span className="text-muted"> + {write(use.reserved)} reserved</span>
          )}
          <span className="text-muted"> of {write(use.limit)}</span>
        </span>
      </p>
      <UseBar
        label={`${title} of ${budget}`}
        spent={use.spent}
        reserved={use.reserved}
        limit={use.limit}
      />
    </div>
  );
}
