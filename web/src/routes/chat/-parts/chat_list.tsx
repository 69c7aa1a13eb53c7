import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { GitFork, MessageSquarePlus, Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Ago } from "@/parts/ago";
import { useCommands } from "@/parts/commands";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { Button, buttonLook } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Input } from "@/ui/field";
import { SkeletonRows } from "@/ui/skeleton";
import { askFocus } from "../-data/compose_focus";
import { type ChatFilters, STATES } from "../-data/filters";
import { chatsQuery } from "../-data/queries";
import type { Chat } from "../-data/types";
import { useChatActions } from "../-data/use_chat_actions";
import { onAccepted } from "../-data/use_outbox";
import { ChatMenu } from "./chat_menu";
import { TitleField } from "./title_field";

/** All conversations, to choose from and to keep in order. */
export function ChatList(props: { filters: ChatFilters }) {
  const { filters } = props;
  const may = useMay("operator");
  const pages = useInfiniteQuery({ ...chatsQuery(filters), refetchInterval: 15_000 });
  const queries = useQueryClient();
  useEffect(
    () => onAccepted(() => void queries.invalidateQueries({ queryKey: ["chats"] })),
    [queries],
  );
  const chats = pages.data?.pages.flatMap((page) => page.conversations) ?? [];
  const filtered = Object.keys(filters).length > 0;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 flex-col gap-2 px-3 pt-3 pb-2">
        <div className="flex items-center gap-2">
          <h2 className="flex-1 px-1 text-base tracking-[-0.02em]">Chats</h2>
          {may && (
            <Link
              to="/chat"
              search={{ ...filters, compose: true }}
              onClick={askFocus}
              className={buttonLook({ size: "sm" })}
            >
              <MessageSquarePlus aria-hidden /> New chat
            </Link>
          )}
        </div>
        <SearchField filters={filters} />
        <StateChoice filters={filters} />
        <Chips filters={filters} />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-3">
        {pages.error && <ProblemCard error={pages.error} retry={() => void pages.refetch()} />}
        {pages.isPending && <SkeletonRows rows={6} />}
        {pages.data && chats.length === 0 && (
          <EmptyState title={filtered ? "No chat matches" : "No chats yet"}>
            {filtered ? (
              <Link to="/chat" search={{}} className="text-info underline">
                Remove the filters
              </Link>
            ) : (
              "Ask an agent something: the chat appears here."
            )}
          </EmptyState>
        )}
        <ul className="flex flex-col gap-0.5">
          {chats.map((chat) => (
            <Row
              key={chat.id}
              chat={chat}
              filters={filters}
              source={chats.find((each) => each.id === chat.forked_from)}
            />
          ))}
        </ul>
        {pages.hasNextPage && (
          <Button
            size="sm"
            tone="quiet"
            className="mt-1 w-full"
            disabled={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            Show older chats
          </Button>
        )}
      </div>
    </div>
  );
}

function SearchField({ filters }: { filters: ChatFilters }) {
  const navigate = useNavigate();
  const [text, setText] = useState(filters.text ?? "");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setText(filters.text ?? ""), [filters.text]);
  useEffect(() => {
    if (text === (filters.text ?? "")) return;
    const later = setTimeout(() => {
      const { text: _, ...rest } = filters;
      const search = (text ? { ...rest, text } : rest) as never;
      void navigate({ to: ".", search, replace: true });
    }, 250);
    return () => clearTimeout(later);
  }, [text, filters, navigate]);
  useCommands([
    {
      id: "chat.search",
      title: "Search chats",
      group: "Chat",
      keys: "/",
      icon: Search,
      run: () => field.current?.focus(),
    },
  ]);
  return (
    <div className="relative">
      <Search aria-hidden className="absolute top-2.5 left-2.5 size-4 text-muted" />
      <Input
        ref={field}
        type="search"
        aria-label="Search titles and messages"
        placeholder="Search titles and messages"
        value={text}
        className="pl-8"
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}

function StateChoice({ filters }: { filters: ChatFilters }) {
  const chosen = filters.state ?? "active";
  return (
    <nav aria-label="State" className="flex flex-wrap gap-1">
      {STATES.map((state) => (
        <Link
          key={state}
          to="."
          search={withState(filters, state) as never}
          aria-current={chosen === state ? "true" : undefined}
          className={cn(
            "rounded-md px-2 py-1 text-muted text-xs hover:bg-sunken hover:text-ink",
            chosen === state && "bg-sunken font-medium text-ink dark:bg-raised",
          )}
        >
          {state}
        </Link>
      ))}
    </nav>
  );
}

function without(filters: ChatFilters, name: keyof ChatFilters): ChatFilters {
  const { [name]: _, ...rest } = filters;
  return rest;
}

function withState(filters: ChatFilters, state: (typeof STATES)[number]): ChatFilters {
  return state === "active" ? without(filters, "state") : { ...filters, state };
}

/** Filters that have no control of their own. */
function Chips({ filters }: { filters: ChatFilters }) {
  const set = (["agent", "tag"] as const).filter((name) => filters[name]);
  if (set.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-1">
      {set.map((name) => (
        <Link
          key={name}
          to="."
          search={without(filters, name) as never}
          aria-label={`Remove the filter ${name}: ${filters[name]}`}
          className="rounded-md border border-line px-2 py-0.5 text-xs hover:bg-sunken"
        >
          {name}: {filters[name]} ✕
        </Link>
      ))}
    </div>
  );
}

function Row(props: { chat: Chat; filters: ChatFilters; source: Chat | undefined }) {
  const { chat, filters, source } = props;
  const [renaming, setRenaming] = useState(false);
  const { change } = useChatActions();
  if (renaming) {
    return (
      <li className="px-1 py-1.5">
        <TitleField
          title={chat.title ?? ""}
          onDone={(text) => {
            setRenaming(false);
            if (text !== null) change(chat, { title: text });
          }}
        />
      </li>
    );
  }
  return (
    <li className="group/row relative">
      <Link
        to="/chat/$id"
        params={{ id: chat.id }}
        search={filters}
        className="flex flex-col gap-0.5 rounded-md px-2.5 py-2 hover:bg-sunken data-[status=active]:bg-sunken dark:data-[status=active]:bg-raised dark:hover:bg-surface"
      >
        <span className="truncate pr-7 font-medium">{chat.title ?? chat.id}</span>
        {chat.forked_from && (
          <span className="flex min-w-0 items-center gap-1 text-muted text-xs">
            <GitFork aria-hidden className="size-3 shrink-0" />
            <span className="truncate">
              edited from {source ? (source.title ?? source.id) : "an earlier chat"}
            </span>
          </span>
        )}
        <span className="flex min-w-0 items-center gap-1.5 text-muted text-xs">
          <span className="truncate">{chat.agent}</span>
          {chat.state !== "active" && <span>· {chat.state}</span>}
          {chat.tags.length > 0 && <span className="truncate">· {chat.tags.join(" ")}</span>}
          <Ago at={Date.parse(chat.updated_at) / 1000} className="ml-auto shrink-0" />
        </span>
      </Link>
      <ChatMenu
        chat={chat}
        onRename={() => setRenaming(true)}
        className="absolute top-1.5 right-1 size-7 opacity-0 focus-visible:opacity-100 group-hover/row:opacity-100 data-[state=open]:opacity-100 pointer-coarse:opacity-100"
      />
    </li>
  );
}
