import { Link } from "@tanstack/react-router";
import {
  Check,
  Copy,
  GitFork,
  ListTree,
  type LucideIcon,
  Pencil,
  Split,
  Waypoints,
} from "lucide-react";
import { memo, type ReactNode, useState } from "react";
import { textOf } from "@/events/message_text";
import type { RunLog } from "@/events/run_log";
import { useRunLog } from "@/events/use_run_log";
import { Ago } from "@/parts/ago";
import { ErrorNote } from "@/parts/error_note";
import { formatCount, formatMoney } from "@/parts/figures";
import { Markdown } from "@/parts/markdown";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Tooltip } from "@/ui/tooltip";
import { useCopied } from "@/ui/use_copied";
import { isOver, partsOf, type TurnItem } from "../-data/thread";
import type { Stored } from "../-data/types";
import { AiMark, Answer, Thinking } from "./answer";
import { EditMessage } from "./edit_message";
import { Bubble, HintBubble } from "./user_message";

export interface TurnActions {
  /** Whether the person may send messages. */
  may: boolean;
  /** Continues from before this message with another text, in a new conversation. */
  onFork: (item: TurnItem, text: string) => Promise<void>;
  editing: string | undefined;
  onEdit: (key: string | undefined) => void;
  stopping: ReadonlySet<string>;
}

/** A message and its answer. */
export const Turn = memo(
  function Turn(props: { item: TurnItem; actions: TurnActions }) {
    const { item, actions } = props;
    const over = isOver(item.state);
    const editing = actions.editing === item.key;
    return (
      <section
        aria-label={`${item.chat ? "Earlier message" : "Message"} ${item.number}`}
        className={cn("flex flex-col gap-4", item.rolledBack && "opacity-60")}
      >
        {editing ? (
          <EditMessage
            text={item.text}
            onCancel={() => actions.onEdit(undefined)}
            onSend={(text) => actions.onFork(item, text)}
          />
        ) : (
          <Bubble
            text={item.text}
            parts={item.parts}
            run={item.run}
            by={item.by}
            note={item.at !== undefined && <Ago at={item.at} />}
            actions={
              actions.may &&
              over && (
                <Tooltip text="Edit and continue from here, in a new chat">
                  <Button
                    size="icon"
                    tone="quiet"
                    className="size-6 [&_svg]:size-3.5"
                    aria-label="Edit this message and continue from here"
                    onClick={() => actions.onEdit(item.key)}
                  >
                    <Pencil />
                  </Button>
                </Tooltip>
              )
            }
          />
        )}
        <div className="flex gap-3">
          <span className="hidden pt-0.5 sm:block">
            <AiMark busy={item.state === "running"} />
          </span>
          <div className="flex min-w-0 flex-1 flex-col gap-3">
            {item.log ? (
              <Answer run={item.run} log={item.log} stopping={actions.stopping.has(item.run)} />
            ) : over ? (
              <StoredAnswer item={item} />
            ) : (
              <Thinking stopping={actions.stopping.has(item.run)} />
            )}
            <Foot item={item} over={over} actions={actions} />
          </div>
        </div>
      </section>
    );
  },
  (one, two) =>
    one.item.key === two.item.key &&
    one.item.version === two.item.version &&
    one.item.log === two.item.log &&
    isSame(one.actions, two.actions, one.item),
);

function isSame(one: TurnActions, two: TurnActions, item: TurnItem): boolean {
  return (
    one.may === two.may &&
    (one.editing === item.key) === (two.editing === item.key) &&
    one.stopping.has(item.run) === two.stopping.has(item.run)
  );
}

/** An answer of long ago: what was said; the steps when asked for. */
function StoredAnswer({ item }: { item: TurnItem }) {
  const said = item.stored.filter((each) => each.role === "assistant" || each.origin === "hint");
  const calls = said.flatMap((each) => each.parts.filter((part) => "arguments" in part)).length;
  const [whole, setWhole] = useState(item.chat !== undefined && calls > 0);
  const words = said.map((each) => <Said key={each.id} said={each} />);
  if (whole) return <LoadedAnswer run={item.run}>{words}</LoadedAnswer>;
  return (
    <>
      {words}
      {calls > 0 && (
        <button
          type="button"
          onClick={() => setWhole(true)}
          className="inline-flex items-center gap-1.5 self-start rounded-sm text-muted text-xs hover:text-ink"
        >
          <ListTree aria-hidden className="size-3.5" />
          {calls === 1 ? "Show 1 tool call" : `Show ${calls} tool calls`}
        </button>
      )}
    </>
  );
}

export function Said({ said }: { said: Stored }) {
  if (said.role === "user") {
    if (said.origin === "hint") return <HintBubble text={said.content} interrupt={false} />;
    return <Bubble text={said.content} parts={partsOf(said.parts) ?? []} by="A user" />;
  }
  return said.content ? <Markdown text={said.content} /> : null;
}

/** What was said before the conversation was forked or imported. */
export function BaseMessage({ said }: { said: Stored }) {
  if (said.role === "user") return <Said said={said} />;
  if (!said.content) return null;
  return (
    <div className="flex gap-3">
      <span className="hidden pt-0.5 sm:block">
        <AiMark />
      </span>
      <div className="min-w-0 flex-1">
        <Said said={said} />
      </div>
    </div>
  );
}

/** With its tool calls. `children`: what was said, until they are read or if they are gone. */
function LoadedAnswer({ run, children }: { run: string; children: ReactNode }) {
  const { log, problem, version } = useRunLog(run);
  if (problem || !log.started) return children;
  return <Answer key={version} run={run} log={log} stopping={false} />;
}

function Foot(props: { item: TurnItem; over: boolean; actions: TurnActions }) {
  const { item, over, actions } = props;
  return (
    <>
      {item.state === "failed" && item.error && <ErrorNote error={item.error} />}
      {item.rolledBack && (
        <p className="text-muted text-xs">
          Replaced by a later message: its effects were undone, and later answers do not read it.
        </p>
      )}
      {item.state === "aborted" && !item.rolledBack && (
        <p className="text-muted text-xs">What had arrived by then is kept.</p>
      )}
      <div className="-ml-1.5 flex min-h-7 flex-wrap items-center gap-x-1 text-muted text-xs">
        {over && <CopyAnswer item={item} />}
        <RunLink run={item.run} text="Run" tip="Everything that this run did" Icon={Waypoints} />
        {over && actions.may && (
          <>
            <RunLink
              run={item.run}
              open="fork"
              text="Fork"
              tip="Continue from one of its turns, as a run of its own"
              Icon={GitFork}
            />
            <RunLink
              run={item.run}
              open="what-if"
              text="What if"
              tip="See how it could have gone; no tool runs"
              Icon={Split}
            />
          </>
        )}
        {item.tokens ? (
          <span className="ml-auto pl-2">
            {item.costMicros ? `${formatMoney(item.costMicros)} · ` : ""}
            {formatCount(item.tokens)} tokens
          </span>
        ) : null}
      </div>
    </>
  );
}

function RunLink(props: {
  run: string;
  /** The sheet to open there. */
  open?: string;
  text: string;
  tip: string;
  Icon: LucideIcon;
}) {
  return (
    <Tooltip text={props.tip}>
      <Link
        to="/runs/$run"
        params={{ run: props.run }}
        search={props.open ? { open: props.open } : {}}
        className="inline-flex h-7 items-center gap-1.5 rounded-md px-1.5 hover:bg-sunken hover:text-ink"
      >
        <props.Icon aria-hidden className="size-3.5" /> {props.text}
      </Link>
    </Tooltip>
  );
}

/** The text of an answer, as Markdown. */
function answerText(log: RunLog | undefined, stored: readonly Stored[]): string {
  if (!log) {
    return stored
      .filter((each) => each.role === "assistant")
      .map((each) => each.content)
      .filter(Boolean)
      .join("\n\n");
  }
  return log.steps
    .map((step) =>
      step.kind === "model" ? (step.reply ? textOf(step.reply.message) : step.text) : "",
    )
    .filter(Boolean)
    .join("\n\n");
}

function CopyAnswer({ item }: { item: TurnItem }) {
  const [copied, copy] = useCopied();
  const Icon = copied ? Check : Copy;
  return (
    <button
      type="button"
      onClick={() => void copy(answerText(item.log, item.stored))}
      className="inline-flex h-7 items-center gap-1.5 rounded-md px-1.5 hover:bg-sunken hover:text-ink"
    >
      <Icon aria-hidden className="size-3.5" /> {copied ? "Copied" : "Copy"}
    </button>
  );
}
