import { lazy, Suspense, useMemo, useRef } from "react";
import { Boundary } from "@/ui/boundary";
import { cn } from "@/ui/cn";
import { type Blocks, type Shown, shownBlocks, splitBlocks } from "./markdown_blocks";

// Most of the code of a run's view: until it is there, its source is shown.
const Block = lazy(() => import("./markdown_block"));

/**
 * Markdown of models and people, also while it is streamed: only the last block is parsed again.
 * Raw HTML stays text; images are links, because loading one would tell another host what was read.
 * What a parser would hold the page or fail with is shown as it is.
 */
export function Markdown(props: { text: string; streaming?: boolean; className?: string }) {
  return (
    <Boundary fallback={<Plain text={props.text} className={props.className} />} again={props.text}>
      <Rendered {...props} />
    </Boundary>
  );
}

function Rendered(props: { text: string; streaming?: boolean; className?: string }) {
  const { text, streaming } = props;
  const before = useRef<Blocks>(undefined);
  const blocks = useMemo(() => {
    before.current = splitBlocks(text, before.current);
    return shownBlocks(before.current, streaming === true);
  }, [text, streaming]);
  return (
    <div
      data-markdown
      className={cn("flex min-w-0 flex-col gap-2.5 break-words leading-relaxed", props.className)}
    >
      {blocks.map((block, place) => (
        <OneBlock key={place} {...block} />
      ))}
    </div>
  );
}

function OneBlock({ text, plain }: Shown) {
  if (plain) return <Plain text={text} />;
  return (
    <Boundary fallback={<Plain text={text} />} again={text}>
      <Suspense fallback={<p className="whitespace-pre-wrap">{text}</p>}>
        <Block text={text} />
      </Suspense>
    </Boundary>
  );
}

function Plain(props: { text: string; className?: string | undefined }) {
  return (
    <pre className={cn("whitespace-pre-wrap break-words font-[inherit]", props.className)}>
      {props.text}
    </pre>
  );
}
