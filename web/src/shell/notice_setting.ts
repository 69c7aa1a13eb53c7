import { browserName } from "@/api/browser_name";

const SETTING = browserName("notices");

/** Whether the person wants notices of the desktop, in this browser. */
export function areNoticesWanted(): boolean {
  return localStorage.getItem(SETTING) === "on";
}

export function wantNotices(wanted: boolean): void {
  localStorage.setItem(SETTING, wanted ? "on" : "off");
}
