import { MessagesSquare } from "lucide-react";
import { useAllCommands } from "@/parts/commands";
import { describeKeys } from "@/parts/keys";
import { Button } from "@/ui/button";

/** The command that opens and closes the chat beside the view. */
export const CHAT_PANEL = "chat.panel";

/** Opens the chat beside the view; nothing where the view is a chat. */
export function ChatButton() {
  const command = useAllCommands().find((each) => each.id === CHAT_PANEL);
  if (!command) return null;
  return (
    <Button
      size="icon"
      tone="quiet"
      aria-label="Open the chat"
      title={`Chat beside the view (${describeKeys(command.keys ?? "")})`}
      onClick={command.run}
    >
      <MessagesSquare />
    </Button>
  );
}
