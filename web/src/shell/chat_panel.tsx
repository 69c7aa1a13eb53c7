/** The chat beside every other view. Loaded after the first paint: nothing here is in its way. */
import { useRouterState } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { Button } from "@/ui/button";
import { Tooltip } from "@/ui/tooltip";
import { aboutView } from "./chat_about";
import { useCommands } from "./commands";
import { describeKeys } from "./keys";

const Sheet = lazy(() => import("@/routes/chat/-parts/panel_sheet"));

const KEYS = "mod+j";

export default function ChatPanel() {
  const [open, setOpen] = useState(false);
  const about = useRouterState({ select: (state) => aboutView(state.location) });
  const inChat = useRouterState({
    select: (state) => /\/chat(\/|$)/.test(state.location.pathname),
  });
  useCommands([
    {
      id: "chat.panel",
      title: open ? "Close the chat beside the view" : "Chat beside the view",
      group: "Chat",
      keys: KEYS,
      icon: MessagesSquare,
      run: () => setOpen(!open && !inChat),
    },
  ]);
  useEffect(() => {
    // What was written before a reload must go out, whichever view is open.
    if (Object.keys(localStorage).some((key) => key.startsWith("harness.chat.out."))) {
      void import("@/routes/chat/-data/resume");
    }
  }, []);
  if (inChat) return null;
  return (
    <>
      {!open && (
        <Tooltip text={`Chat (${describeKeys(KEYS)})`}>
          <Button
            tone="primary"
            aria-label="Open the chat"
            onClick={() => setOpen(true)}
            className="fixed right-4 bottom-4 z-20 size-11 rounded-full p-0 shadow-card"
          >
            <MessagesSquare />
          </Button>
        </Tooltip>
      )}
      <Suspense>{open && <Sheet about={about} onClose={() => setOpen(false)} />}</Suspense>
    </>
  );
}
