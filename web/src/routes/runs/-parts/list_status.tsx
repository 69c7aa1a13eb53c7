import { ArrowUp } from "lucide-react";
import { useEffect, useState } from "react";
import type { Runs } from "./use_runs";

const QUIET_MS = 1_500;

/** The button for runs that wait above the list, and what a screen reader hears of changes. */
export default function ListStatus(props: { runs: Runs; paused: boolean; onShow: () => void }) {
  const { list } = props.runs;
  const arrived = list?.arrived.length ?? 0;
  const words = `${arrived}${list?.gap ? "+" : ""} new ${arrived === 1 ? "run" : "runs"}`;
  const spoken = arrived > 0 ? words : list ? countOf(list.rows.length, list.next) : "";
  return (
    <>
      <p role="status" className="sr-only">
        {useCalm(spoken)}
      </p>
      {arrived > 0 && !props.paused && (
        <button
          type="button"
          onClick={props.onShow}
          className="animate-enter absolute top-11 left-1/2 z-20 -ml-16 flex h-8 w-32 items-center justify-center gap-1.5 rounded-full bg-primary font-medium text-primary-ink text-xs shadow-card hover:bg-primary-hover"
        >
          <ArrowUp aria-hidden className="size-3.5" /> {words}
        </button>
      )}
      {props.paused && (
        <p className="border-b bg-warn-soft px-4 py-1.5 text-warn text-xs sm:px-6">
          The list does not change while it is paused{arrived > 0 ? `: ${words} since.` : "."}
        </p>
      )}
    </>
  );
}

function countOf(rows: number, next: string | null): string {
  return `${rows}${next ? " or more" : ""} ${rows === 1 ? "run" : "runs"}`;
}

/** A text that changes only when it has been the same for a moment: a reader is not interrupted by
 * each of many changes. */
function useCalm(text: string): string {
  const [calm, setCalm] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setCalm(text), QUIET_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return calm;
}
