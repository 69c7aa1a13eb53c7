import { useSyncExternalStore } from "react";
import { browserName } from "@/api/browser_name";
import { filtersOf, type RunFilters, readFilters } from "../-filters";

/** Filters under a name, kept in this browser. */
interface SavedView {
  name: string;
  filters: RunFilters;
}

const KEY = browserName("run-views");
const MOST_NAME = 40;
const listeners = new Set<() => void>();
let views = load(localStorage.getItem(KEY));

/** Views as they were stored; what is not one is left out. */
export function load(stored: string | null): readonly SavedView[] {
  let value: unknown;
  try {
    value = JSON.parse(stored ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: unknown) => {
    if (typeof each !== "object" || each === null) return [];
    if (!("name" in each) || typeof each.name !== "string" || !each.name) return [];
    if (!("filters" in each) || typeof each.filters !== "object" || !each.filters) return [];
    const filters = filtersOf(readFilters(each.filters as Record<string, unknown>));
    return [{ name: each.name.slice(0, MOST_NAME), filters }];
  });
}

function store(changed: readonly SavedView[]): void {
  views = changed;
  localStorage.setItem(KEY, JSON.stringify(changed));
  for (const listener of listeners) listener();
}

/** Saves a view; one of the same name is replaced. */
export function saveView(name: string, filters: RunFilters): void {
  const short = name.trim().slice(0, MOST_NAME);
  if (short) store([...views.filter((view) => view.name !== short), { name: short, filters }]);
}

export function deleteView(name: string): void {
  store(views.filter((view) => view.name !== name));
}

// Another tab has saved one.
addEventListener("storage", ({ key, newValue }) => {
  if (key !== KEY) return;
  views = load(newValue);
  for (const listener of listeners) listener();
});

export function useSavedViews(): readonly SavedView[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => views,
  );
}
