import { Check, Copy } from "lucide-react";
import { isValidElement, type ReactNode } from "react";
import { useCopied } from "@/ui/use_copied";

/** A block of code with its language and a button that copies it. */
export function CodeBlock(props: { children: ReactNode }) {
  const { text, language } = readCode(props.children);
  return (
    <figure className="overflow-hidden rounded-md border bg-sunken">
      <figcaption className="flex h-8 items-center justify-between border-b pr-1 pl-3 text-muted text-xs">
        {language || "text"}
        <CopyButton text={text} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0} className="overflow-x-auto p-3 font-mono text-xs leading-relaxed">
        <code>{text}</code>
      </pre>
    </figure>
  );
}

function readCode(children: ReactNode): { text: string; language: string } {
  if (!isValidElement<{ children?: ReactNode; className?: string }>(children)) {
    return { text: String(children ?? ""), language: "" };
  }
  const { children: text, className } = children.props;
  return {
    text: String(text ?? "").replace(/\n$/, ""),
    language: /language-([\w+#.-]{1,30})/.exec(className ?? "")?.[1] ?? "",
  };
}

function CopyButton(props: { text: string }) {
  const [copied, copy] = useCopied();
  const Icon = copied ? Check : Copy;
  return (
    <button
      type="button"
      onClick={() => void copy(props.text)}
      className="inline-flex items-center gap-1.5 rounded-sm px-2 py-1 hover:text-ink"
    >
      <Icon aria-hidden className="size-3.5" />
      <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
    </button>
  );
}
