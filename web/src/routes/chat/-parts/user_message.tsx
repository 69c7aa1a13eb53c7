import { Clock, CornerDownRight, FileText, Loader, TriangleAlert, Zap } from "lucide-react";
import type { ReactNode } from "react";
import { Artifact } from "@/parts/artifact";
import { ErrorNote } from "@/parts/error_note";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import type { Delivery } from "../-data/outbox";
import type { ErrorInfo, UserPart } from "../-data/types";

/** What a person wrote. */
export function Bubble(props: {
  text: string;
  parts?: readonly UserPart[];
  /** Its run, which has the files. */
  run?: string;
  by?: string | undefined;
  faint?: boolean;
  /** Below the text: what becomes of it. */
  note?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className="group/bubble flex flex-col items-end gap-1">
      <div
        className={cn(
          "max-w-[85%] whitespace-pre-wrap break-words rounded-2xl bg-primary px-4 py-2.5 text-primary-ink leading-relaxed",
          props.faint &&
            "border border-line border-dashed bg-transparent text-ink dark:bg-transparent",
        )}
      >
        <span className="sr-only">{props.by ? `${props.by} wrote: ` : "You wrote: "}</span>
        {props.text}
      </div>
      <Parts parts={props.parts ?? []} run={props.run} />
      {(props.note || props.actions) && (
        <div className="flex max-w-full items-center gap-2 px-1 text-muted text-xs">
          {props.actions && (
            <span className="flex opacity-0 transition-opacity focus-within:opacity-100 group-hover/bubble:opacity-100 pointer-coarse:opacity-100">
              {props.actions}
            </span>
          )}
          {props.note}
        </div>
      )}
    </div>
  );
}

function Parts(props: { parts: readonly UserPart[]; run: string | undefined }) {
  const files = props.parts.filter((part) => part.type !== "text");
  if (files.length === 0) return null;
  return (
    <div className="flex max-w-[85%] flex-wrap justify-end gap-1.5">
      {files.map((part, place) => {
        const name = part.type === "file" ? part.name : "Picture";
        if (props.run && part.artifact) {
          const known = { name, media_type: part.media_type ?? null };
          return (
            <Artifact
              key={place}
              run={props.run}
              id={part.artifact}
              known={known}
              className="[&_img]:max-h-40"
            />
          );
        }
        return (
          <span
            key={place}
            className="inline-flex max-w-full items-center gap-1.5 rounded-md border border-line px-2 py-0.5 text-xs"
          >
            <FileText aria-hidden className="size-3.5 text-muted" />
            <span className="truncate">{name}</span>
          </span>
        );
      })}
    </div>
  );
}

/** Text that a person sent while the run was open. */
export function HintBubble(props: { text: string; by?: string | undefined; interrupt: boolean }) {
  const Icon = props.interrupt ? Zap : CornerDownRight;
  return (
    <Bubble
      text={props.text}
      by={props.by}
      note={
        <>
          <Icon aria-hidden className="size-3.5" />
          {props.interrupt ? "Sent as an interrupting hint" : "Sent as a hint"}
        </>
      }
    />
  );
}

/** A message that waits for its turn. */
export function WaitingBubble(props: { line: string; by?: string | undefined; place: number }) {
  return (
    <Bubble
      faint
      text={props.line}
      by={props.by}
      note={
        <>
          <Clock aria-hidden className="size-3.5" />
          {props.place === 1 ? "Next in the queue" : `${props.place} in the queue`}
        </>
      }
    />
  );
}

/** A message that this browser is sending. */
export function OutgoingBubble(props: {
  delivery: Delivery;
  onRetry: () => void;
  onTakeBack: () => void;
}) {
  const { message, state, problem } = props.delivery;
  if (state === "refused" && message.refused) {
    return (
      <div className="flex flex-col gap-2">
        <Bubble faint text={message.text} />
        <div className="ml-auto w-full max-w-[85%] rounded-md border border-bad/40 bg-bad-soft p-3">
          <p className="flex gap-2">
            <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
            <span role="alert">
              <span className="font-medium">Not sent.</span> {message.refused.message}{" "}
              <span className="text-muted">{message.refused.fix}</span>
            </span>
          </p>
          <div className="mt-2 flex gap-2">
            <Button size="sm" onClick={props.onRetry}>
              Send again
            </Button>
            <Button size="sm" tone="quiet" onClick={props.onTakeBack}>
              Edit
            </Button>
          </div>
        </div>
      </div>
    );
  }
  return (
    <Bubble
      faint={state === "waiting"}
      text={message.text}
      parts={message.files.map(({ id, name }) => ({ type: "file", artifact: id, name }))}
      note={
        state === "waiting" ? (
          <>
            <Clock aria-hidden className="size-3.5" />
            <span>{sayWhy(problem?.kind)}</span>
            <button type="button" className="underline" onClick={props.onTakeBack}>
              Take it back
            </button>
          </>
        ) : (
          <>
            <Loader aria-hidden className="size-3.5 animate-turn" />
            {state === "accepted" ? "Sent" : "Sending"}
          </>
        )
      }
    />
  );
}

function sayWhy(kind: string | undefined): string {
  switch (kind) {
    case "signed_out":
      return "Your session has ended. It is sent when you have signed in.";
    case "busy":
      return "Too many requests. It is sent in a moment.";
    case "server":
      return "The daemon could not take it. It is sent again in a moment.";
    default:
      return "Offline. It is kept, and sent once when the connection is back.";
  }
}

/** What went wrong with a message that no run answers. */
export function Unanswered(props: { line: string; error: ErrorInfo | undefined }) {
  return (
    <div className="flex flex-col gap-2">
      <Bubble faint text={props.line} />
      {props.error && <ErrorNote error={props.error} className="ml-auto max-w-[85%]" />}
    </div>
  );
}
