import { Brain, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import type { Message, Part } from "@/events/types";
import { Artifact, Picture } from "./artifact";
import { LongText } from "./json_view";
import { Markdown } from "./markdown";

/** What a message consists of, in order; tool calls have cards of their own. */
export function MessageParts(props: { run: string; message: Message; plain?: boolean }) {
  return (
    <div className="flex min-w-0 flex-col gap-2">
      {props.message.parts.map((part, place) => (
        <PartView key={place} run={props.run} part={part} plain={props.plain ?? false} />
      ))}
    </div>
  );
}

function PartView({ run, part, plain }: { run: string; part: Part; plain: boolean }) {
  switch (part.type) {
    case "text":
      return plain ? <LongText text={part.text} /> : <Markdown text={part.text} />;
    case "reasoning":
      return part.text ? <Reasoning text={part.text} /> : null;
    case "image":
      return <ImagePart run={run} part={part} />;
    case "file":
      return <Artifact run={run} id={part.artifact} known={part} />;
    case "tool_result":
      return (
        <Fold summary={`Result of ${part.name}`}>
          <LongText text={part.content} className="font-mono text-xs" />
        </Fold>
      );
    default:
      return null;
  }
}

function ImagePart({ run, part }: { run: string; part: Extract<Part, { type: "image" }> }) {
  if (part.artifact) {
    const media_type = part.media_type ?? "image/*";
    return <Artifact run={run} id={part.artifact} known={{ name: "Picture", media_type }} />;
  }
  if (part.data && /^image\/(png|jpeg|gif|webp)$/.test(part.media_type ?? ""))
    return <Picture address={`data:${part.media_type};base64,${part.data}`} name="Picture" />;
  // Loading it would tell another host what is read here.
  return <p className="break-all font-mono text-muted text-xs">Picture: {part.url ?? "unknown"}</p>;
}

/** What the model thought: folded, because it is rarely what one looks for. */
export function Reasoning({ text }: { text: string }) {
  return (
    <Fold
      summary={
        <>
          <Brain aria-hidden className="size-3.5" /> Reasoning
          <span className="font-normal">{text.length.toLocaleString("en")} characters</span>
        </>
      }
    >
      <LongText text={text} className="border-line border-l-2 pl-3 text-muted" />
    </Fold>
  );
}

/** Shows its content only when opened, and only then renders it. */
export function Fold(props: { summary: ReactNode; children: ReactNode; open?: boolean }) {
  return (
    <details open={props.open} className="group/fold min-w-0">
      <summary className="flex w-fit cursor-pointer list-none items-center gap-1.5 rounded-sm text-muted text-xs hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden
          className="size-3.5 transition-transform group-open/fold:rotate-90"
        />
        {props.summary}
      </summary>
      <div className="mt-1.5 min-w-0">{props.children}</div>
    </details>
  );
}
