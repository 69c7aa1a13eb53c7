import { ArrowLeft, ArrowRight, Equal, PencilLine } from "lucide-react";
import { memo, useMemo } from "react";
import { formatMoney, formatSeconds } from "@/parts/figures";
import { LongText } from "@/parts/json_view";
import { cn } from "@/ui/cn";
import { type Described, describeEvent } from "./describe_event";
import type { Pair } from "./rows";
import { SideText } from "./text_diff";

/** Something that happened in both runs, or in one of them. */
export const PairRow = memo(function PairRow(props: {
  pair: Pair;
  /** How many differences there are, for readers of the list. */
  total: number;
  selected: boolean;
}) {
  const { pair } = props;
  const left = useMemo(() => pair.left && describeEvent(pair.left), [pair.left]);
  const right = useMemo(() => pair.right && describeEvent(pair.right), [pair.right]);
  const look = lookOf(pair);
  return (
    <article
      aria-label={
        pair.difference === undefined
          ? "The same in both"
          : `Difference ${pair.difference + 1} of ${props.total}: ${look.word}`
      }
      tabIndex={-1}
      data-difference={pair.difference}
      className={cn(
        "overflow-hidden rounded-lg border bg-surface",
        props.selected && "border-ink shadow-card",
      )}
    >
      <p
        className={cn(
          "flex items-center gap-1.5 border-b px-3 py-1 text-xs",
          pair.same ? "text-muted" : pair.difference === 0 ? "bg-primary/35" : "bg-sunken",
        )}
      >
        <look.Icon aria-hidden className="size-3.5" />
        {pair.difference === 0 ? firstWord(pair, look.word) : look.word}
      </p>
      <div className="grid sm:grid-cols-2 sm:divide-x sm:divide-line-soft">
        <Cell side="left" own={left} other={right} same={pair.same} />
        {/* One below the other, what is the same is shown once. */}
        <Cell
          side="right"
          own={right}
          other={left}
          same={pair.same}
          className={cn(pair.same && "hidden sm:block", "max-sm:border-t")}
        />
      </div>
    </article>
  );
});

function firstWord(pair: Pair, word: string): string {
  return pair.left && pair.right ? "First difference" : `First difference: ${word}`;
}

function lookOf(pair: Pair): { Icon: typeof Equal; word: string } {
  if (pair.same) return { Icon: Equal, word: "the same" };
  if (!pair.right) return { Icon: ArrowLeft, word: "only on the left" };
  if (!pair.left) return { Icon: ArrowRight, word: "only on the right" };
  return { Icon: PencilLine, word: "different" };
}

function Cell(props: {
  side: "left" | "right";
  own: Described | undefined;
  other: Described | undefined;
  same: boolean;
  className?: string;
}) {
  const { own, other, side } = props;
  if (!own) return <div className="hidden bg-sunken/60 sm:block" aria-hidden />;
  const { seconds, costMicros } = own.figures;
  return (
    <div className={cn("min-w-0 px-3 py-2", props.className)}>
      <h3 className="mb-1 flex flex-wrap items-baseline gap-x-2 text-xs">
        <span className="sr-only">{side === "left" ? "Left:" : "Right:"}</span>
        <span aria-hidden className="text-muted sm:hidden">
          {side === "left" ? "left" : "right"}
        </span>
        <span className={cn("font-medium", own.failed && "text-bad")}>{own.title}</span>
        {own.code && (
          <span className="min-w-0 break-all font-mono font-normal text-muted">{own.code}</span>
        )}
        <span className="ml-auto flex gap-2 font-normal text-muted">
          {costMicros != null && <span>{formatMoney(costMicros)}</span>}
          {seconds !== undefined && <span>{formatSeconds(seconds)}</span>}
        </span>
      </h3>
      <div className="max-h-96 overflow-auto text-[0.8125rem]">
        {props.same || !other ? (
          <LongText text={own.text} />
        ) : (
          <SideText text={own.text} other={other.text} side={side} />
        )}
        {own.text === "" && <p className="text-muted text-xs">no text</p>}
      </div>
    </div>
  );
}
