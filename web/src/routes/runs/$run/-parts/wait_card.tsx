import { Hourglass } from "lucide-react";
import type { EventOf } from "@/events/steps";
import { Ago } from "@/parts/ago";

/** One thing that waits for a person. */
export function WaitCard({ asked }: { asked: EventOf<"decision_requested"> }) {
  return (
    <section className="rounded-md border border-warn/40 bg-warn-soft p-3">
      <p className="flex items-center gap-1.5 font-medium text-warn text-xs">
        <Hourglass aria-hidden className="size-3.5" /> Waits for a person
        <Ago at={asked.at} className="ml-auto font-normal text-muted" />
      </p>
      <p className="mt-1 whitespace-pre-wrap break-words">{asked.question}</p>
    </section>
  );
}
