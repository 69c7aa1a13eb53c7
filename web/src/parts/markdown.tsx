import { memo, useMemo, useRef } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { cn } from "@/ui/cn";
import { CodeBlock } from "./code_block";
import { type Blocks, shownBlocks, splitBlocks } from "./markdown_blocks";

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
        <Block key={place} text={block} />
      ))}
    </div>
  );
}

const Block = memo(function Block(props: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={[remarkGfm]} components={LOOKS} urlTransform={keepSafe}>
      {props.text}
    </ReactMarkdown>
  );
});

const SAFE = /^(https?:|mailto:)/i;

function keepSafe(address: string): string {
  return SAFE.test(address) ? address : "";
}

function Link(props: { href?: string | undefined; children: React.ReactNode }) {
  if (!props.href) return <>{props.children}</>;
  return (
    <a
      href={props.href}
      target="_blank"
      rel="noopener noreferrer nofollow"
      className="text-info underline underline-offset-2"
    >
      {props.children}
    </a>
  );
}

const LOOKS: Components = {
  a: ({ href, children }) => <Link href={href}>{children}</Link>,
  img: ({ src, alt }) => (
    <Link href={typeof src === "string" ? src : undefined}>{alt || "image"}</Link>
  ),
  h1: ({ children }) => <h3 className="mt-1 text-base">{children}</h3>,
  h2: ({ children }) => <h3 className="mt-1 text-base">{children}</h3>,
  h3: ({ children }) => <h4 className="mt-1 font-semibold text-sm">{children}</h4>,
  ul: ({ children }) => <ul className="flex list-disc flex-col gap-1 pl-5">{children}</ul>,
  ol: ({ children, start }) => (
    <ol start={start} className="flex list-decimal flex-col gap-1 pl-5">
      {children}
    </ol>
  ),
  blockquote: ({ children }) => (
    <blockquote className="border-line border-l-2 pl-3 text-muted">{children}</blockquote>
  ),
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  code: ({ children, className }) => (
    <code className={cn("rounded-sm bg-sunken px-1 py-0.5 font-mono text-[0.8125rem]", className)}>
      {children}
    </code>
  ),
  table: ({ children }) => (
    <div className="overflow-x-auto">
      <table className="border-collapse text-sm">{children}</table>
    </div>
  ),
  th: ({ children }) => (
    <th className="border border-line px-2.5 py-1 text-left font-medium">{children}</th>
  ),
  td: ({ children }) => <td className="border border-line px-2.5 py-1">{children}</td>,
  hr: () => <hr className="border-line-soft" />,
};
