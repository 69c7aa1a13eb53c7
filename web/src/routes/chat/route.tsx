import { createFileRoute, Outlet, useMatchRoute, useNavigate } from "@tanstack/react-router";
import { MessageSquarePlus } from "lucide-react";
import { useCommands } from "@/parts/commands";
import { usePageTitle } from "@/parts/page_title";
import { useMay } from "@/parts/roles";
import { cn } from "@/ui/cn";
import { askFocus } from "./-data/compose_focus";
import { type ChatFilters, readChatFilters } from "./-data/filters";
import { ChatList } from "./-parts/chat_list";

interface Search extends ChatFilters {
  /** On a narrow screen: a new chat in place of the list. */
  compose?: boolean;
}

export const Route = createFileRoute("/chat")({
  validateSearch: (search: Record<string, unknown>): Search => ({
    ...readChatFilters(search),
    ...(search["compose"] === true ? { compose: true } : {}),
  }),
  component: Chats,
});

/** The list beside the conversation; on a narrow screen, one of the two. */
function Chats() {
  const { compose, ...filters } = Route.useSearch();
  const atIndex = useMatchRoute()({ to: "/chat" }) !== false;
  const atList = atIndex && !compose;
  usePageTitle(atIndex ? "Chat" : null);
  const navigate = useNavigate();
  const may = useMay("operator");
  useCommands(
    may
      ? [
          {
            id: "chat.new",
            title: "New chat",
            group: "Chat",
            keys: "c",
            icon: MessageSquarePlus,
            run: () => {
              void navigate({ to: "/chat", search: { ...filters, compose: true } }).then(askFocus);
            },
          },
        ]
      : [],
  );
  return (
    <div className="flex h-full min-h-0">
      {/* A conversation has its own, with its title. */}
      {atIndex && <h1 className="sr-only">Chat</h1>}
      <aside
        aria-label="Chats"
        className={cn("w-full shrink-0 lg:block lg:w-72 lg:border-r", !atList && "hidden")}
      >
        <ChatList filters={filters} />
      </aside>
      <div className={cn("min-w-0 flex-1 lg:block", atList && "hidden")}>
        <Outlet />
      </div>
    </div>
  );
}
