import { Loader } from "lucide-react";
import type { PreparingItem } from "../-data/thread";
import { AiMark } from "./answer";
import { Bubble } from "./user_message";

/** A message whose run is about to start. */
export function PreparingAnswer({ item }: { item: PreparingItem }) {
  return (
    <section className="flex flex-col gap-4">
      <Bubble text={item.text} parts={item.parts} />
      <div className="flex gap-3">
        <span className="hidden pt-0.5 sm:block">
          <AiMark busy />
        </span>
        {item.delay ? (
          <p role="status" className="min-w-0 rounded-md border border-warn/40 bg-warn-soft p-3">
            <span className="font-medium">It waits.</span> {item.delay.message}{" "}
            <span className="text-muted">{item.delay.fix}</span>
          </p>
        ) : (
          <p role="status" className="flex items-center gap-2 text-muted text-xs">
            <Loader aria-hidden className="size-3.5 animate-turn" /> Starting
          </p>
        )}
      </div>
    </section>
  );
}
