import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { ChartColumn } from "lucide-react";
import { lazy, Suspense } from "react";
import { useCommands } from "@/parts/commands";
import { Column } from "@/parts/desk/section";
import { View } from "@/parts/view";
import { SkeletonRows } from "@/ui/skeleton";
import { TabPanel, Tabs } from "@/ui/tabs";
import { type CostSearch, readSearch, TABS } from "./-cost";

export const Route = createFileRoute("/cost/")({
  validateSearch: readSearch,
  component: Cost,
});

const SpendingTab = lazy(() => import("./-parts/spending_tab"));
const BudgetsTab = lazy(() => import("./-parts/budgets_tab"));

function Cost() {
  const search = Route.useSearch();
  const navigate = useNavigate();
  const tab = search.tab ?? "spending";
  const change = (changes: { [K in keyof CostSearch]?: CostSearch[K] | undefined }) =>
    void navigate({ to: "/cost", search: readSearch({ ...search, ...changes }), replace: true });
  const show = (id: string) => change({ tab: id === "budgets" ? id : undefined });
  useCommands(
    TABS.map(({ id, title }) => ({
      id: `cost.${id}`,
      title: `Cost: ${title}`,
      group: "Cost",
      icon: ChartColumn,
      run: () => show(id),
    })),
  );
  return (
    <View title="Cost">
      <div className="flex h-full min-h-0 flex-col">
        <Tabs label="Cost" tabs={TABS} selected={tab} onSelect={show}>
          <TabPanel id={tab}>
            <Column>
              <Suspense fallback={<SkeletonRows rows={5} />}>
                {tab === "budgets" ? (
                  <BudgetsTab />
                ) : (
                  <SpendingTab search={search} change={change} />
                )}
              </Suspense>
            </Column>
          </TabPanel>
        </Tabs>
      </div>
    </View>
  );
}
