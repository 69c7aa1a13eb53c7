/** The chat beside every other view. Loaded after the first paint: nothing here is in its way. */
import { useRouterState } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { browserName } from "@/api/browser_name";
import { aboutView } from "./chat_about";
import { CHAT_PANEL } from "./chat_button";
import { type Command, useCommands } from "./commands";

const Sheet = lazy(() => import("@/routes/chat/-parts/panel_sheet"));

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
    if (Object.keys(localStorage).some((key) => key.startsWith(browserName("chat.out.")))) {
      void import("@/routes/chat/-data/resume");
    }
  }, []);
  if (inChat || !open) return null;
  return (
    <Suspense>
      <Sheet about={about} onClose={() => setOpen(false)} />
    </Suspense>
  );
}
