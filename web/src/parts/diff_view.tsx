import { useMemo, useState } from "react";
import { cn } from "@/ui/cn";
import { Marked } from "./decision/exact_text";
import { type DiffLine, diffLines } from "./line_diff";

const CONTEXT = 3;
const SHOWN = 400;
const SIGNS = { same: " ", added: "+", removed: "-" } as const;
const TONES = {
  same: "text-muted",
  added: "bg-good-soft text-good",
  removed: "bg-bad-soft text-bad",
} as const;

/** What changed between two texts, line by line; what is the same is left out around it. */
export function DiffView(props: {
  before: string;
  after: string;
  /** What is compared, such as a file's path. */
  title?: string;
  className?: string;
}) {
  const { before, after } = props;
  const lines = useMemo(() => foldSame(diffLines(before, after)), [before, after]);
  const [whole, setWhole] = useState(false);
  const shown = whole ? lines : lines.slice(0, SHOWN);
  return (
    <figure
      className={cn("min-w-0 overflow-hidden rounded-md border border-line-soft", props.className)}
    >
      {props.title && (
        <figcaption className="truncate border-b bg-sunken px-3 py-1.5 font-mono text-xs">
          {props.title}
        </figcaption>
      )}
      <div className="overflow-x-auto bg-surface py-1 font-mono text-xs leading-5">
        {shown.map((line, place) => (
          <Line key={place} line={line} />
        ))}
        {lines.length === 0 && <p className="px-3 text-muted">No difference</p>}
      </div>
      {shown.length < lines.length && (
        <button
          type="button"
          className="px-3 py-1.5 text-info text-xs underline"
          onClick={() => setWhole(true)}
        >
          Show all {lines.length.toLocaleString("en")} lines
        </button>
      )}
    </figure>
  );
}

type Shown = DiffLine | { kind: "fold"; count: number };

function Line({ line }: { line: Shown }) {
  if (line.kind === "fold") {
    return <p className="px-3 text-muted italic">{line.count} unchanged lines</p>;
  }
  const { kind, text } = line;
  return (
    <p className={cn("flex whitespace-pre-wrap break-all px-3", TONES[kind])}>
      <span aria-hidden className="w-4 shrink-0 select-none">
        {SIGNS[kind]}
      </span>
      {kind !== "same" && <span className="sr-only">{kind}: </span>}
      <span className="min-w-0">{text ? <Marked text={text} /> : " "}</span>
    </p>
  );
}

/** Leaves out what is the same, except for a few lines around each change. */
function foldSame(lines: readonly DiffLine[]): Shown[] {
  if (lines.every((line) => line.kind === "same")) return [];
  const near = new Uint8Array(lines.length);
  lines.forEach((line, place) => {
    if (line.kind !== "same")
      near.fill(1, Math.max(0, place - CONTEXT), Math.min(lines.length, place + CONTEXT + 1));
  });
  const shown: Shown[] = [];
  lines.forEach((line, place) => {
    const last = shown.at(-1);
    if (near[place]) shown.push(line);
    else if (last?.kind === "fold") last.count += 1;
    else shown.push({ kind: "fold", count: 1 });
  });
  return shown;
}
