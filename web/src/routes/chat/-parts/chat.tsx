import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, call } from "@/api/client";
import { Composer } from "@/parts/composer/composer";
import type { Policy } from "@/parts/composer/policy_choice";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { SkeletonRows } from "@/ui/skeleton";
import { useDraft } from "../-data/drafts";
import { newId } from "../-data/outbox";
import { resendFiles } from "../-data/resend";
import { titleOf } from "../-data/text";
import { isOver, type TurnItem } from "../-data/thread";
import { useChatActions } from "../-data/use_chat_actions";
import { type Conversation, useConversation } from "../-data/use_conversation";
import { outboxOf } from "../-data/use_outbox";
import { useStop } from "../-data/use_stop";
import { withAbout } from "../-data/with_about";
import { Closed } from "./closed";
import { ConnectionNote } from "./connection_note";
import { ThreadView } from "./thread_view";

interface ChatProps {
  chat: string;
  user: string;
  /** What is on the screen beside the chat, as "about …". */
  about?: string | undefined;
  /** Opens another conversation. */
  onOpen: (chat: string) => void;
  head?: (conversation: Conversation) => ReactNode;
  autoFocus?: boolean;
}

/** A conversation and its composer. Key it by the conversation. */
export function Chat(props: ChatProps) {
  const { chat, user } = props;
  const conversation = useConversation(chat, user);
  const { view, items, ready, problem } = conversation;
  const may = useMay("operator");
  const queries = useQueryClient();
  const [draft, setDraft] = useDraft(user, chat);
  const [editing, setEditing] = useState<string>();
  const [about, setAbout] = useState<string>();
  const [sent, setSent] = useState(0);
  const { change: rename } = useChatActions();
  const stop = useStop(view);
  const outbox = outboxOf(user);
  const answering =
    view?.answering != null || items.some((item) => item.kind === "turn" && !isOver(item.state));

  const send = (policy: Policy | undefined) => {
    outbox.add({
      id: newId("message"),
      chat,
      user,
      at: Date.now(),
      text: withAbout(about, draft.text),
      files: draft.files,
      ...(policy && policy !== view?.policy ? { policy } : {}),
    });
    setDraft({ text: "", files: [] });
    setAbout(undefined);
    setSent(sent + 1);
  };
  const fork = async (item: TurnItem, text: string) => {
    const files = await resendFiles(item.run, item.parts);
    const made = await call(
      api.POST("/api/v1/conversations/{conversation}/fork", {
        params: { path: { conversation: item.chat ?? chat } },
        body: { message: item.message ?? item.run },
      }),
    );
    rename(made, { title: titleOf(text) });
    outbox.add({
      id: newId("message"),
      chat: made.id,
      user,
      at: Date.now(),
      text,
      files,
    });
    void queries.invalidateQueries({ queryKey: ["chats"] });
    setEditing(undefined);
    props.onOpen(made.id);
  };
  const editLast = () => {
    const last = items.findLast((item) => item.kind === "turn" && isOver(item.state));
    if (last && may) setEditing(last.key);
  };
  const takeBack = (id: string) => {
    const message = outbox.remove(id);
    if (message) setDraft({ text: message.text, files: message.files });
  };
  const empty = ready && items.length === 0;
  return (
    <div className="flex h-full min-h-0 flex-col">
      {props.head?.(conversation)}
      <div className="min-h-0 flex-1">
        <ThreadView
          items={ready ? items : []}
          actions={{ may, onFork: fork, editing, onEdit: setEditing, stopping: stop.stopping }}
          onRetry={(id) => outbox.retry(id)}
          onTakeBack={takeBack}
          sent={sent}
          lead={
            <>
              {problem && <ProblemCard error={problem} retry={conversation.refresh} />}
              {!ready && !problem && <SkeletonRows rows={4} />}
              {empty && (
                <p className="py-16 text-center text-muted">
                  {view === null ? "There is no such chat." : "Nothing has been said here yet."}
                </p>
              )}
            </>
          }
        >
          <ConnectionNote served={view?.served} agent={view?.agent} />
          {empty && view === null ? null : view && view.state !== "active" ? (
            <Closed view={view} />
          ) : may ? (
            <Composer
              draft={draft}
              onDraft={setDraft}
              onSend={send}
              answering={answering}
              policy={view?.policy ?? "queue"}
              onStop={stop.stop}
              stopping={stop.isStopping}
              onEditLast={editLast}
              placeholder={
                answering ? "Add something while it answers" : "Ask anything; / for templates"
              }
              about={about}
              onRemoveAbout={() => setAbout(undefined)}
              aboutOffer={props.about}
              onAbout={() => setAbout(props.about)}
              autoFocus={props.autoFocus ?? false}
            />
          ) : (
            <p className="rounded-2xl border px-4 py-3 text-center text-muted text-sm">
              You may read this chat. Writing needs the role operator.
            </p>
          )}
        </ThreadView>
      </div>
    </div>
  );
}
