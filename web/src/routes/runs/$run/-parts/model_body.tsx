import type { ModelStep } from "@/events/steps";
import { AttemptList } from "@/parts/attempts";
import { ErrorNote } from "@/parts/error_note";
import { LongText } from "@/parts/json_view";
import { Markdown } from "@/parts/markdown";
import { MessageParts, Reasoning } from "@/parts/message_parts";

const SHOWN = 12_000;

/** A call of a model: what it thought and said. */
export function ModelBody({ run, step }: { run: string; step: ModelStep }) {
  const pictures = step.reply?.message.parts.some(
    (part) => part.type === "image" || part.type === "file",
  );
  return (
    <div className="flex max-w-3xl flex-col gap-2.5">
      {step.reasoning && <Reasoning text={step.reasoning} />}
      {step.text ? (
        <ReplyText step={step} />
      ) : (
        step.state === "running" && (
          <p className="animate-pulse-soft text-muted">Waiting for the first word</p>
        )
      )}
      {pictures && step.reply && (
        <MessageParts
          run={run}
          message={{
            ...step.reply.message,
            parts: step.reply.message.parts.filter(
              (part) => part.type === "image" || part.type === "file",
            ),
          }}
        />
      )}
      {step.error && <ErrorNote error={step.error} />}
      <AttemptList run={run} step={step} />
      {step.reply?.fallbacks?.map((each) => (
        <p key={each.model} className="text-muted text-xs">
          Skipped <span className="font-mono">{each.model}</span>: {each.message} ({each.code})
        </p>
      ))}
    </div>
  );
}

function ReplyText({ step }: { step: ModelStep }) {
  const streaming = step.state === "running";
  // Parsing much Markdown would hold the page; while it streams, the end is what one reads.
  if (step.text.length > SHOWN && streaming)
    return <LongText text={step.text.slice(-SHOWN)} className="whitespace-pre-wrap" />;
  if (step.text.length > SHOWN * 4) return <LongText text={step.text} />;
  return <Markdown text={step.text} streaming={streaming} />;
}
