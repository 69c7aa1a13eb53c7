import { lazy, Suspense, useMemo, useRef } from "react";
import { cn } from "@/ui/cn";
import { type Blocks, shownBlocks, splitBlocks } from "./markdown_blocks";

// Most of the code of a run's view: until it is there, its source is shown.
const Block = lazy(() => import("./markdown_block"));

/** Above this, text is shown as it is: parsing it would hold the page. */
const MOST = 200_000;

/**
 * Markdown of models and people, also while it is streamed: only the last block is parsed again.
 * Raw HTML stays text; images are links, because loading one would tell another host what was read.
 */
export function Markdown(props: { text: string; streaming?: boolean; className?: string }) {
  const { text, streaming } = props;
  const before = useRef<Blocks>(undefined);
  const blocks = useMemo(() => {
    if (text.length > MOST) return null;
    before.current = splitBlocks(text, before.current);
    return shownBlocks(before.current, streaming === true);
  }, [text, streaming]);
  if (blocks === null) {
    return <pre className={cn("whitespace-pre-wrap break-words", props.className)}>{text}</pre>;
  }
  return (
    <div
      data-markdown
      className={cn("flex min-w-0 flex-col gap-2.5 break-words leading-relaxed", props.className)}
    >
      {blocks.map((block, place) => (
        <Suspense key={place} fallback={<p className="whitespace-pre-wrap">{block}</p>}>
          <Block text={block} />
        </Suspense>
      ))}
    </div>
  );
}
