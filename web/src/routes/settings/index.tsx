import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { Settings } from "lucide-react";
import { type ComponentType, lazy, Suspense } from "react";
import { useCommands } from "@/parts/commands";
import { Column } from "@/parts/desk/section";
import { mayDo } from "@/parts/ranks";
import { useRole } from "@/parts/roles";
import { View } from "@/parts/view";
import { SkeletonRows } from "@/ui/skeleton";
import { TabPanel, Tabs } from "@/ui/tabs";
import { readSearch, TABS, type TabId } from "./-tabs";

export const Route = createFileRoute("/settings/")({
  validateSearch: readSearch,
  component: SettingsView,
});

const CONTENTS: Record<TabId, ComponentType> = {
  page: lazy(() => import("./-parts/page_tab")),
  account: lazy(() => import("./-parts/account_tab")),
  webhooks: lazy(() => import("./-parts/webhooks_tab")),
  users: lazy(() => import("./-parts/users_tab")),
  configuration: lazy(() => import("./-parts/configuration_tab")),
  capabilities: lazy(() => import("./-parts/capabilities_tab")),
  tables: lazy(() => import("./-parts/tables_tab")),
};

function SettingsView() {
  const search = Route.useSearch();
  const navigate = useNavigate();
  const role = useRole() ?? "viewer";
  const tabs = TABS.filter((each) => mayDo(role, each.role));
  const tab = tabs.find((each) => each.id === search.tab)?.id ?? "page";
  const Content = CONTENTS[tab];
  const show = (id: string) =>
    void navigate({ to: "/settings", search: readSearch({ tab: id }), replace: true });
  useCommands(
    tabs.map(({ id, title }) => ({
      id: `settings.${id}`,
      title: `Settings: ${title}`,
      group: "Settings",
      icon: Settings,
      run: () => show(id),
    })),
  );
  return (
    <View title="Settings">
      <div className="flex h-full min-h-0 flex-col">
        <Tabs label="Settings" tabs={tabs} selected={tab} onSelect={show}>
          <TabPanel id={tab}>
            <Column>
              <Suspense fallback={<SkeletonRows rows={5} />}>
                <Content />
              </Suspense>
            </Column>
          </TabPanel>
        </Tabs>
      </div>
    </View>
  );
}
