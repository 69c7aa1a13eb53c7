import {
  Archive,
  ArchiveRestore,
  Braces,
  Ellipsis,
  FileDown,
  Pencil,
  Tags,
  Trash2,
} from "lucide-react";
import { useState } from "react";
import { addressOf, api, call } from "@/api/client";
import { Problem } from "@/api/problem";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { Menu, MenuItem, MenuLine } from "@/ui/menu";
import { notifyProblem } from "@/ui/notify";
import { toMarkdown } from "../-data/markdown_export";
import type { Chat } from "../-data/types";
import { useChatActions } from "../-data/use_chat_actions";
import { TagsDialog } from "./tags_dialog";

/** What can be done with a conversation. */
export function ChatMenu(props: { chat: Chat; onRename: () => void; className?: string }) {
  const { chat } = props;
  const may = useMay("operator");
  const [tagging, setTagging] = useState(false);
  const { change, remove } = useChatActions();
  const active = chat.state === "active";
  return (
    <>
      <Menu
        trigger={
          <Button
            size="icon"
            tone="quiet"
            aria-label={`More about ${chat.title ?? chat.id}`}
            className={props.className}
          >
            <Ellipsis />
          </Button>
        }
      >
        {may && (
          <>
            <MenuItem onSelect={() => setTimeout(props.onRename)}>
              <Pencil aria-hidden /> Rename
            </MenuItem>
            <MenuItem onSelect={() => setTagging(true)}>
              <Tags aria-hidden /> Tags
            </MenuItem>
          </>
        )}
        <MenuItem onSelect={() => void download(chat)}>
          <FileDown aria-hidden /> Export as Markdown
        </MenuItem>
        <MenuItem
          onSelect={() =>
            save(
              addressOf(`/conversations/${encodeURIComponent(chat.id)}/export`),
              `${chat.id}.conversation.json`,
            )
          }
        >
          <Braces aria-hidden /> Export as JSON
        </MenuItem>
        {may && (
          <>
            <MenuLine />
            {active ? (
              <MenuItem onSelect={() => change(chat, { archived: true }, "Archived.")}>
                <Archive aria-hidden /> Archive
              </MenuItem>
            ) : (
              <MenuItem onSelect={() => change(chat, { archived: false }, "Restored.")}>
                <ArchiveRestore aria-hidden /> Restore
              </MenuItem>
            )}
            {chat.state !== "deleted" && (
              <MenuItem danger onSelect={() => remove(chat)}>
                <Trash2 aria-hidden /> Delete
              </MenuItem>
            )}
          </>
        )}
      </Menu>
      {tagging && (
        <TagsDialog
          tags={chat.tags}
          onClose={() => setTagging(false)}
          onSave={(tags) => change(chat, { tags })}
        />
      )}
    </>
  );
}

async function download(chat: Chat): Promise<void> {
  try {
    const exported = await call(
      api.GET("/api/v1/conversations/{conversation}/export", {
        params: { path: { conversation: chat.id } },
      }),
    );
    const address = URL.createObjectURL(
      new Blob([toMarkdown(exported)], { type: "text/markdown" }),
    );
    save(address, `${chat.id}.md`);
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  } catch (error) {
    const problem = Problem.of(error);
    notifyProblem("It was not exported", `${problem.message} ${problem.fix}`);
  }
}

function save(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
