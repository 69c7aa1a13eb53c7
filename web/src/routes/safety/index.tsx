import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { ShieldCheck } from "lucide-react";
import { lazy, Suspense } from "react";
import { useCommands } from "@/parts/commands";
import { Column } from "@/parts/desk/section";
import { View } from "@/parts/view";
import { SkeletonRows } from "@/ui/skeleton";
import { TabPanel, Tabs } from "@/ui/tabs";
import { readSearch, type SafetySearch, TABS, type TabId } from "./-safety";

export const Route = createFileRoute("/safety/")({
  validateSearch: readSearch,
  component: Safety,
});

const RulesTab = lazy(() => import("./-parts/rules_tab"));
const ExplainTab = lazy(() => import("./-parts/explain_tab"));
const RememberedTab = lazy(() => import("./-parts/remembered_tab"));
const GatesTab = lazy(() => import("./-parts/gates_tab"));

function Safety() {
  const search = Route.useSearch();
  const navigate = useNavigate();
  const tab = search.tab ?? "rules";
  const change = (changes: Record<string, string>) =>
    void navigate({ to: "/safety", search: readSearch({ ...search, ...changes }), replace: true });
  useCommands(
    TABS.map(({ id, title }) => ({
      id: `safety.${id}`,
      title: `Safety: ${title}`,
      group: "Safety",
      icon: ShieldCheck,
      run: () => change({ tab: id }),
    })),
  );
  return (
    <View title="Safety">
      <div className="flex h-full min-h-0 flex-col">
        <Tabs label="Safety" tabs={TABS} selected={tab} onSelect={(id) => change({ tab: id })}>
          <TabPanel id={tab}>
            <Column>
              <Suspense fallback={<SkeletonRows rows={5} />}>
                <Content
                  tab={tab}
                  search={search}
                  change={(changes) => change(changes as Record<string, string>)}
                />
              </Suspense>
            </Column>
          </TabPanel>
        </Tabs>
      </div>
    </View>
  );
}

function Content(props: {
  tab: TabId;
  search: SafetySearch;
  change: (changes: SafetySearch) => void;
}) {
  switch (props.tab) {
    case "explain":
      return <ExplainTab search={props.search} change={props.change} />;
    case "remembered":
      return <RememberedTab />;
    case "gates":
      return <GatesTab />;
    default:
      return <RulesTab />;
  }
}
