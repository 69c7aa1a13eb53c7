import { Link } from "@tanstack/react-router";
import { Undo2 } from "lucide-react";
import { useRunView } from "../-view";
import { useUndone } from "./use_undone";

/** Beside the run's state: how much of what it did was undone. */
export function UndoneMark() {
  const { run } = useRunView();
  const { calls, effects } = useUndone();
  if (calls.size === 0) return null;
  const words = calls.size >= effects ? "all effects undone" : `${calls.size} of ${effects} undone`;
  return (
    <Link
      to="/runs/$run"
      params={{ run }}
      search={{ tab: "effects" }}
      className="inline-flex items-center gap-1 rounded-sm bg-warn-soft px-1.5 py-0.5 text-warn text-xs hover:underline"
    >
      <Undo2 aria-hidden className="size-3.5" />
      {words}
    </Link>
  );
}
