import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Maximize2, MessageSquarePlus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { browserName } from "@/api/browser_name";
import { Button, buttonLook } from "@/ui/button";
import { Tooltip } from "@/ui/tooltip";
import { askFocus } from "../-data/compose_focus";
import { chatsQuery } from "../-data/queries";
import { useUser } from "../-data/use_outbox";
import { Chat } from "./chat";
import { NewChat } from "./new_chat";

const KEY = browserName("chat.panel");

/** The chat beside a view: the conversation that was open here last, or a new one. */
export default function PanelSheet(props: { about: string | undefined; onClose: () => void }) {
  const user = useUser();
  const [chat, setChat] = useState(() => localStorage.getItem(KEY) ?? "");
  const sheet = useRef<HTMLElement>(null);
  const open = (id: string) => {
    setChat(id);
    localStorage.setItem(KEY, id);
  };
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <aside
      ref={sheet}
      aria-label="Chat beside the view"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.preventDefault(); // or the view behind would take it too
        props.onClose();
      }}
      className="animate-slide-in fixed inset-0 z-30 flex flex-col border-line bg-canvas shadow-card sm:inset-y-3 sm:right-3 sm:left-auto sm:w-[27rem] sm:overflow-hidden sm:rounded-2xl sm:border"
    >
      <header className="flex h-12 shrink-0 items-center gap-1 border-b px-2">
        <ChatChoice chat={chat} onChoose={open} />
        <span className="ml-auto" />
        <Tooltip text="New chat">
          <Button
            size="icon"
            tone="quiet"
            aria-label="New chat"
            onClick={() => {
              open("");
              askFocus();
            }}
          >
            <MessageSquarePlus />
          </Button>
        </Tooltip>
        {chat && (
          <Tooltip text="Open as a whole view">
            <Link
              to="/chat/$id"
              params={{ id: chat }}
              aria-label="Open as a whole view"
              className={buttonLook({ size: "icon", tone: "quiet" })}
            >
              <Maximize2 />
            </Link>
          </Tooltip>
        )}
        <Tooltip text="Close (Esc)">
          <Button size="icon" tone="quiet" aria-label="Close the chat" onClick={props.onClose}>
            <X />
          </Button>
        </Tooltip>
      </header>
      <div className="min-h-0 flex-1">
        {!user ? null : chat ? (
          <Chat key={chat} chat={chat} user={user} about={props.about} onOpen={open} autoFocus />
        ) : (
          <NewChat user={user} about={props.about} onOpen={open} />
        )}
      </div>
    </aside>
  );
}

function ChatChoice(props: { chat: string; onChoose: (chat: string) => void }) {
  const pages = useInfiniteQuery(chatsQuery({}));
  const chats = pages.data?.pages[0]?.conversations ?? [];
  return (
    <select
      aria-label="Chat"
      value={props.chat}
      onChange={(event) => props.onChoose(event.target.value)}
      className="h-8 min-w-0 max-w-56 truncate rounded-md bg-transparent px-1.5 font-medium text-sm hover:bg-sunken dark:hover:bg-surface [&>option]:bg-raised"
    >
      <option value="">New chat</option>
      {props.chat && !chats.some((each) => each.id === props.chat) && (
        <option value={props.chat}>This chat</option>
      )}
      {chats.map((each) => (
        <option key={each.id} value={each.id}>
          {each.title ?? each.id}
        </option>
      ))}
    </select>
  );
}
