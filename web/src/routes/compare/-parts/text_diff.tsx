import { useMemo } from "react";
import { DiffView } from "@/parts/diff_view";
import { LongText } from "@/parts/json_view";
import { cn } from "@/ui/cn";
import { diffWords, isAlike, MOST_CHARACTERS, type Piece, sideOf } from "./words";

/** Beyond this, only the two texts are shown: comparing would hold the page. */
const MOST_COMPARED = 400_000;
const LONGEST_LINE = 5_000;

/** Two texts in one, with the words that differ marked. */
export function TextDiff(props: { before: string; after: string; className?: string }) {
  const { before, after } = props;
  if (before === after) return <LongText text={after} className={props.className ?? ""} />;
  if (isShort(before) && isShort(after))
    return (
      <div className={props.className}>
        <Words before={before} after={after} />
      </div>
    );
  if (canCompareLines(before) && canCompareLines(after))
    return <DiffView before={before} after={after} className={props.className ?? ""} />;
  return (
    <div className={cn("flex flex-col gap-3", props.className)}>
      <p className="text-muted text-xs">Too long to compare word by word: before, then after.</p>
      <LongText text={before} />
      <LongText text={after} />
    </div>
  );
}

function isShort(text: string): boolean {
  return text.length <= MOST_CHARACTERS;
}

function canCompareLines(text: string): boolean {
  if (text.length > MOST_COMPARED) return false;
  let from = 0;
  while (from < text.length) {
    const end = text.indexOf("\n", from);
    if ((end < 0 ? text.length : end) - from > LONGEST_LINE) return false;
    if (end < 0) break;
    from = end + 1;
  }
  return true;
}

function Words(props: { before: string; after: string }) {
  const pieces = useMemo(() => diffWords(props.before, props.after), [props.before, props.after]);
  return <Marked pieces={pieces} />;
}

/** One side of two texts, its own words marked; long ones without marks. */
export function SideText(props: { text: string; other: string | null; side: "left" | "right" }) {
  const { text, other, side } = props;
  const pieces = useMemo(() => {
    if (other === null || other === text || !isShort(text) || !isShort(other)) return null;
    const [before, after] = side === "left" ? [text, other] : [other, text];
    const pieces = diffWords(before, after);
    return isAlike(pieces) ? sideOf(pieces, side) : null;
  }, [text, other, side]);
  if (!pieces) return <LongText text={text} />;
  return <Marked pieces={pieces} />;
}

function Marked({ pieces }: { pieces: readonly Piece[] }) {
  return (
    <p className="whitespace-pre-wrap break-words">
      {pieces.map((piece, place) =>
        piece.kind === "same" ? (
          <span key={place}>{piece.text}</span>
        ) : piece.kind === "added" ? (
          <ins key={place} className="rounded-sm bg-good-soft text-good no-underline">
            {piece.text}
          </ins>
        ) : (
          <del key={place} className="rounded-sm bg-bad-soft text-bad">
            {piece.text}
          </del>
        ),
      )}
    </p>
  );
}
