import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, Gauge, GitFork } from "lucide-react";
import { type ReactNode, useState } from "react";
import { modelsQuery } from "@/api/queries";
import { formatCount, formatMoney } from "@/parts/figures";
import { usePageTitle } from "@/parts/page_title";
import { ConnectionBadge } from "@/shell/connection_badge";
import { Tooltip } from "@/ui/tooltip";
import { sumUsage } from "../-data/thread";
import { useChatActions } from "../-data/use_chat_actions";
import type { Conversation } from "../-data/use_conversation";
import { ChatMenu } from "./chat_menu";
import { TitleField } from "./title_field";

/** The title of a conversation, who answers, and what it has used. */
export function ChatHead(props: { conversation: Conversation; actions?: ReactNode }) {
  const { view, items } = props.conversation;
  const [renaming, setRenaming] = useState(false);
  const { change } = useChatActions();
  const outgoing = items.find((item) => item.kind === "outgoing");
  const pending = outgoing?.kind === "outgoing" ? outgoing.delivery.message.create : undefined;
  const title = view?.title ?? pending?.title ?? view?.id ?? "Chat";
  usePageTitle(title);
  return (
    <header className="flex min-h-14 shrink-0 items-center gap-2 border-b px-3 py-2 sm:px-5">
      <Link
        to="/chat"
        aria-label="All chats"
        className="rounded-md p-1.5 text-muted hover:bg-sunken hover:text-ink lg:hidden"
      >
        <ArrowLeft className="size-4" />
      </Link>
      <div className="min-w-0 flex-1">
        {renaming && view ? (
          <TitleField
            title={view.title ?? ""}
            onDone={(text) => {
              setRenaming(false);
              if (text !== null) change(view, { title: text });
            }}
          />
        ) : (
          <h1 className="truncate text-base tracking-[-0.02em]">{title}</h1>
        )}
        <p className="flex min-w-0 items-center gap-1.5 truncate text-muted text-xs">
          <span className="truncate">
            {view?.agent ?? pending?.agent}
            {view?.model && ` · ${view.model}`}
          </span>
          {view?.forked_from && (
            <Link
              to="/chat/$id"
              params={{ id: view.forked_from }}
              className="inline-flex shrink-0 items-center gap-1 text-info underline"
            >
              <GitFork aria-hidden className="size-3" /> from an earlier chat
            </Link>
          )}
        </p>
      </div>
      <UsageOf conversation={props.conversation} />
      <span className="hidden sm:inline-flex">
        <ConnectionBadge />
      </span>
      {view && <ChatMenu chat={view} onRename={() => setRenaming(true)} />}
      {props.actions}
    </header>
  );
}

function UsageOf({ conversation }: { conversation: Conversation }) {
  const usage = sumUsage(conversation.items);
  const models = useQuery(modelsQuery);
  if (usage.tokens === 0) return null;
  const model = models.data?.find(
    (each) => each.model === usage.model || each.model.endsWith(`/${usage.model}`),
  );
  const part = model && usage.context ? usage.context / model.context : undefined;
  return (
    <Tooltip
      text={
        <>
          {usage.costMicros > 0 ? formatMoney(usage.costMicros) : "Price unknown"}
          {usage.costMicros > 0 && !usage.priced && " and calls of unknown price"},{" "}
          {formatCount(usage.tokens)} tokens in all
          {part !== undefined && model && (
            <>
              . The next answer reads about {formatCount(usage.context)} of{" "}
              {formatCount(model.context)} tokens
            </>
          )}
        </>
      }
    >
      <span
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its tooltip must be reachable
        tabIndex={0}
        className="hidden shrink-0 items-center gap-1.5 rounded-sm text-muted text-xs sm:inline-flex"
      >
        <Gauge aria-hidden className="size-3.5" />
        {usage.costMicros > 0
          ? formatMoney(usage.costMicros)
          : `${formatCount(usage.tokens)} tokens`}
        {part !== undefined && (
          <>
            <span className="sr-only">context used:</span>
            <span aria-hidden className="h-1 w-12 overflow-hidden rounded-full bg-line-soft">
              <span
                className="block h-full rounded-full bg-secondary"
                style={{ width: `${Math.max(4, Math.min(100, part * 100))}%` }}
              />
            </span>
            {Math.max(1, Math.round(part * 100))}%
          </>
        )}
      </span>
    </Tooltip>
  );
}
