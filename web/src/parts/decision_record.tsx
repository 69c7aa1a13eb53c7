import { Hand, Hourglass } from "lucide-react";
import type { Decision } from "@/events/steps";
import { cn } from "@/ui/cn";
import { Ago } from "./ago";
import { By } from "./by";
import { AskingNote } from "./decision/ruling_note";
import { JsonView, LongText } from "./json_view";

const WORDS: Record<string, string> = {
  approve: "Approved",
  edit: "Approved with changes",
  deny: "Denied",
  answer: "Answered",
};

/** What was asked of a person, and who decided what. */
export function DecisionRecord({ decision }: { decision: Decision }) {
  const { asked, made } = decision;
  const Icon = made ? Hand : Hourglass;
  return (
    <section
      className={cn(
        "rounded-md border px-3 py-2",
        made ? "border-line-soft" : "border-warn/40 bg-warn-soft",
      )}
    >
      <p className={cn("flex flex-wrap items-center gap-x-1.5 text-xs", !made && "text-warn")}>
        <Icon aria-hidden className="size-3.5" />
        <span className="font-medium">
          {made ? (WORDS[made.verdict] ?? made.verdict) : "Waits for a person"}
        </span>
        {made?.by && (
          <span>
            by <By by={made.by} />
          </span>
        )}
        <Ago at={(made ?? asked).at} className="text-muted" />
      </p>
      <LongText text={asked.question} className="mt-1" />
      <AskingNote ruling={asked.ruling} until={asked.until} open={!made} />
      {made?.remember && (
        <p className="text-muted text-xs">Remembered: it allows later calls of the session too.</p>
      )}
      {made?.note && <LongText text={made.note} className="mt-1 border-line border-l-2 pl-2" />}
      {made?.answer && <LongText text={made.answer} className="mt-1 border-line border-l-2 pl-2" />}
      {made?.arguments && <JsonView value={made.arguments} className="mt-1" />}
    </section>
  );
}
