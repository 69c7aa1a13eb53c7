import { Archive, Trash2 } from "lucide-react";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import type { ChatView } from "../-data/types";
import { useChatActions } from "../-data/use_chat_actions";

/** In place of the composer: an archived or deleted chat takes no messages. */
export function Closed({ view }: { view: ChatView }) {
  const may = useMay("operator");
  const { change } = useChatActions();
  const Icon = view.state === "deleted" ? Trash2 : Archive;
  return (
    <div className="flex flex-wrap items-center gap-3 rounded-2xl border border-line bg-surface px-4 py-3">
      <Icon aria-hidden className="size-4 text-muted" />
      <p className="flex-1">This chat is {view.state}. It takes no messages.</p>
      {may && (
        <Button size="sm" tone="primary" onClick={() => change(view, { archived: false })}>
          Restore
        </Button>
      )}
    </div>
  );
}
