import { Timer } from "lucide-react";
import { useCommands } from "@/parts/commands";
import { useRunView } from "../-view";

/** The keys that work on every tab. */
export function useTabKeys(): void {
  const { setSearch, search } = useRunView();
  useCommands([
    {
      id: "tab-time",
      title: search.tab === "time" ? "Show the steps" : "Show where time went",
      group: "Run",
      keys: "t",
      icon: Timer,
      run: () => setSearch({ tab: search.tab === "time" ? undefined : "time" }),
    },
  ]);
}
