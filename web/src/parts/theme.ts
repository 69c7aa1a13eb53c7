import { useSyncExternalStore } from "react";
import { browserName } from "@/api/browser_name";

export type Theme = "light" | "dark" | "system";

const KEY = browserName("theme"); // `public/theme.js` reads it before the first paint
const listeners = new Set<() => void>();
const system = matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

function apply(): void {
  const theme = chosen();
  const dark = theme === "dark" || (theme === "system" && system.matches);
  document.documentElement.classList.toggle("dark", dark);
  for (const listener of listeners) listener();
}

system.addEventListener("change", apply);
addEventListener("storage", (event) => {
  if (event.key === KEY) apply();
});

export function setTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  apply();
}

export function isDark(): boolean {
  return document.documentElement.classList.contains("dark");
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, chosen);
}

export function useIsDark(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, isDark);
}
