import { useQuery } from "@tanstack/react-query";
import { LoaderCircle } from "lucide-react";
import { Ago } from "@/parts/ago";
import { undosQuery } from "./queries";
import type { Effect } from "./undo_plan";

/** Says that somebody undoes the run right now, and who. */
export function UndoInProgress(props: { run: string; effects: readonly Effect[] }) {
  const goes = props.effects.some((effect) => effect.state === "undoing");
  const undos = useQuery({ ...undosQuery(props.run), enabled: goes });
  const newest = undos.data?.[0];
  if (!goes) return null;
  return (
    <p
      role="status"
      className="mx-auto mb-3 flex max-w-4xl items-center gap-2 rounded-md border border-info/40 bg-info-soft p-3"
    >
      <LoaderCircle aria-hidden className="size-4 shrink-0 animate-turn text-info" />
      <span className="min-w-0 break-words">
        An undo of this run is in progress
        {newest?.by && (
          <>
            , started by <strong className="font-medium">{newest.by}</strong>{" "}
            <Ago at={Date.parse(newest.at) / 1000} />
          </>
        )}
        . {props.effects.filter((effect) => effect.state === "undone").length} of{" "}
        {props.effects.length} effects are undone.
      </span>
    </p>
  );
}
