import { useNavigate } from "@tanstack/react-router";
import { type Command, noteOf, useCommands } from "@/parts/commands";
import { useMay } from "@/parts/roles";
import { changeSearch, type RunsSearch } from "../-filters";
import { NOTHING, type Selection, toggle, toggleAll } from "./selection";

const GROUP = "Runs";

/** What the list can do, for palette and keys. */
export function useListCommands(list: {
  order: readonly string[];
  active: string | null;
  activate: (id: string) => void;
  selection: Selection;
  setSelection: (selection: Selection) => void;
  peeked: string | undefined;
  peek: (id: string | undefined) => void;
}): void {
  const navigate = useNavigate();
  const mayStart = useMay("operator");
  const { order, active, activate, selection, setSelection, peeked, peek } = list;
  const move = (by: number) => {
    const at = active === null ? -1 : order.indexOf(active);
    const to = order[at === -1 ? 0 : Math.min(order.length - 1, Math.max(0, at + by))];
    if (to !== undefined) activate(to);
  };
  const search = (change: (search: RunsSearch) => RunsSearch) =>
    void navigate({ to: "/runs", search: changeSearch(change) });
  const commands: Command[] = [
    { id: "runs.next", title: "Next run", group: GROUP, keys: "j", run: () => move(1) },
    { id: "runs.previous", title: "Previous run", group: GROUP, keys: "k", run: () => move(-1) },
    {
      id: "runs.peek",
      title: "Peek at the run",
      group: GROUP,
      keys: "p",
      run: () => peek(active === peeked ? undefined : (active ?? order[0])),
    },
    {
      id: "runs.select",
      title: "Select the run",
      group: GROUP,
      keys: "x",
      run: () => active !== null && setSelection(toggle(selection, active)),
    },
    {
      id: "runs.select_all",
      title: "Select all runs shown",
      group: GROUP,
      keys: "mod+a",
      run: () => setSelection(toggleAll(selection, order)),
    },
    noteOf({
      id: "runs.extend",
      title: "Select up to the next or previous run",
      group: GROUP,
      keys: "Shift ↓ ↑",
    }),
    {
      id: "runs.failed",
      title: "Show only failed runs",
      group: GROUP,
      run: () => search(() => ({ state: "failed" })),
    },
    {
      id: "runs.waiting",
      title: "Show only waiting runs",
      group: GROUP,
      run: () => search(() => ({ state: "waiting" })),
    },
  ];
  if (peeked !== undefined || selection.ids.size > 0) {
    commands.push({
      id: "runs.close",
      title: peeked !== undefined ? "Close the peek" : "Select nothing",
      group: GROUP,
      keys: "Escape",
      run: () => (peeked !== undefined ? peek(undefined) : setSelection(NOTHING)),
    });
  }
  if (mayStart) {
    commands.push({
      id: "runs.start",
      title: "Start a run",
      group: GROUP,
      keys: "n",
      run: () => search((now) => ({ ...now, start: "" })),
    });
  }
  useCommands(commands);
}
