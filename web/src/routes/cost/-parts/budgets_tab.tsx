import { useQuery } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { Loaded } from "@/parts/desk/loaded";
import { Rows, Section } from "@/parts/desk/section";
import { EmptyState } from "@/parts/empty_state";
import { useMay } from "@/parts/roles";
import { isConfigured, isCurrent } from "../-budgets";
import { BudgetRow } from "./budget_row";

/** No topic says when a call reserves or settles. */
const AGAIN_MS = 3_000;

/** The budgets that runs share. */
export default function BudgetsTab() {
  const budgets = useQuery({
    queryKey: ["budgets"],
    queryFn: async () => (await call(api.GET("/api/v1/budgets"))).budgets,
    refetchInterval: AGAIN_MS,
  });
  const admin = useMay("admin");
  const operator = useMay("operator");
  return (
    <Loaded query={budgets} rows={5} className="m-0">
      {(list) =>
        list.length === 0 ? (
          <EmptyState title="No shared budget is in use">
            A budget is listed once a call was charged to it. Runs share one with the runs that they
            start, with their session, or by the settings with all runs of an agent or an owner.
            <code className="mt-2 block font-mono text-xs">
              Agent(..., budget=Budget(tokens=50_000, shared="session"))
            </code>
          </EmptyState>
        ) : (
          <Section title="Shared budgets" lead="Those that were used last come first.">
            <Rows label="Shared budgets">
              {list.map((budget) => (
                <BudgetRow
                  key={`${budget.budget} ${budget.day ?? ""}`}
                  budget={budget}
                  may={(isConfigured(budget) ? admin : operator) && isCurrent(budget, list)}
                />
              ))}
            </Rows>
          </Section>
        )
      }
    </Loaded>
  );
}
