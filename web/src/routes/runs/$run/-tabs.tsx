/** The tabs of a run. To add one: a line here, its component in a file of its own. */
import { type ComponentType, lazy } from "react";

export interface RunTab {
  /** As the address has it: `?tab=id`. */
  id: string;
  title: string;
  /** Gets what it shows from `useRunView()`. It fills the height and scrolls by itself. */
  Content: ComponentType;
}

export const TABS: readonly RunTab[] = [
  { id: "steps", title: "Steps", Content: lazy(() => import("./-parts/steps_tab")) },
  { id: "time", title: "Time", Content: lazy(() => import("./-parts/time_tab")) },
  { id: "effects", title: "Effects", Content: lazy(() => import("./-other/effects_tab")) },
  { id: "files", title: "Files", Content: lazy(() => import("./-parts/files_tab")) },
  { id: "about", title: "About", Content: lazy(() => import("./-parts/about_tab")) },
];
