/** The tabs of a run. To add one: a line here, its component in a file of its own. */
import { type ComponentType, createElement, lazy } from "react";
import { type PanelInfo, usePanels } from "@/parts/panel/panels";
import StepsTab from "./-parts/steps_tab";

interface RunTab {
  /** As the address has it: `?tab=id`. */
  id: string;
  title: string;
  /** Gets what it shows from `useRunView()`. It fills the height and scrolls by itself. */
  Content: ComponentType;
}

export const TABS: readonly RunTab[] = [
  { id: "steps", title: "Steps", Content: StepsTab },
  { id: "time", title: "Time", Content: lazy(() => import("./-parts/time_tab")) },
  { id: "effects", title: "Effects", Content: lazy(() => import("./-other/effects_tab")) },
  { id: "files", title: "Files", Content: lazy(() => import("./-parts/files_tab")) },
  { id: "safety", title: "Safety", Content: lazy(() => import("./-safety/safety_tab")) },
  { id: "about", title: "About", Content: lazy(() => import("./-parts/about_tab")) },
];

const PanelTab = lazy(() => import("./-parts/panel_tab"));
const panelTabs = new WeakMap<PanelInfo, RunTab>();

/** The tabs, with those that capabilities contribute. */
export function useTabs(): readonly RunTab[] {
  const panels = usePanels("run");
  return [...TABS, ...panels.map(tabOf)];
}

function tabOf(panel: PanelInfo): RunTab {
  const known = panelTabs.get(panel);
  if (known) return known;
  const Content = () => createElement(PanelTab, { panel });
  const tab = { id: panel.id.replace("/", "."), title: panel.title, Content };
  panelTabs.set(panel, tab);
  return tab;
}
