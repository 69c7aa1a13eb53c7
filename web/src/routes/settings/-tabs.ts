/** The parts of the settings, and who sees them. To add one: a line here and in `index.tsx`. */
import type { Role } from "@/parts/ranks";

export const TABS = [
  { id: "page", title: "This page", role: "viewer" },
  { id: "account", title: "Account", role: "viewer" },
  { id: "webhooks", title: "Webhooks", role: "viewer" },
  { id: "users", title: "Users", role: "admin" },
  { id: "configuration", title: "Configuration", role: "admin" },
  { id: "capabilities", title: "Capabilities", role: "admin" },
  { id: "tables", title: "Tables", role: "admin" },
] as const satisfies readonly { id: string; title: string; role: Role }[];

export type TabId = (typeof TABS)[number]["id"];

interface SettingsSearch {
  tab?: TabId;
  /** What the configuration is searched for. */
  find?: string;
}

export function readSearch(search: Record<string, unknown>): SettingsSearch {
  const tab = TABS.find((each) => each.id === search["tab"])?.id;
  const find = search["find"];
  return {
    ...(tab && tab !== "page" ? { tab } : {}),
    ...(find !== undefined && find !== "" ? { find: String(find) } : {}),
  };
}
