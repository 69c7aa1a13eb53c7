/** The chat beside every other view. Loaded after the first paint: nothing here is in its way. */
import { useRouterState } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { OUTBOX } from "@/parts/chat_keys";
import { type Command, useCommands } from "@/parts/commands";
import { CHAT_PANEL } from "@/shell/chat_button";
import { aboutView } from "../-data/about_view";

const Sheet = lazy(() => import("./panel_sheet"));

export default function ChatPanel() {
  const [open, setOpen] = useState(false);
  const about = useRouterState({ select: (state) => aboutView(state.location) });
  const inChat = useRouterState({
    select: (state) => /\/chat(\/|$)/.test(state.location.pathname),
  });
  const commands: Command[] = [
    {
      id: CHAT_PANEL,
      title: open ? "Close the chat beside the view" : "Chat beside the view",
      group: "Chat",
      keys: "mod+j",
      icon: MessagesSquare,
      run: () => setOpen(!open),
    },
  ];
  useCommands(inChat ? [] : commands);
  useEffect(() => {
    // What was written before a reload must go out, whichever view is open.
    if (Object.keys(localStorage).some((key) => key.startsWith(OUTBOX))) {
      void import("../-data/resume");
    }
  }, []);
  if (inChat || !open) return null;
  return (
    <Suspense>
      <Sheet about={about} onClose={() => setOpen(false)} />
    </Suspense>
  );
}
