import { useQueryClient } from "@tanstack/react-query";
import { api, call, type Schemas } from "@/api/client";
import { Problem } from "@/api/problem";
import { notify, notifyProblem } from "@/ui/notify";
import type { Chat } from "./types";

type Which = Pick<Chat, "id">;

/** What can be done with a conversation as a whole. */
export function useChatActions() {
  const queries = useQueryClient();
  const settle = async (chat: Which, asked: Promise<unknown>, done?: string) => {
    try {
      await asked;
      if (done) notify(done);
    } catch (error) {
      const problem = Problem.of(error);
      notifyProblem(problem.message, problem.fix);
    }
    void queries.invalidateQueries({ queryKey: ["chats"] });
    void queries.invalidateQueries({ queryKey: ["chat", chat.id], exact: true });
  };
  const path = (chat: Which) => ({ params: { path: { conversation: chat.id } } });
  return {
    change: (chat: Which, body: Schemas["ConversationChange"], done?: string) =>
      void settle(
        chat,
        call(api.PATCH("/api/v1/conversations/{conversation}", { ...path(chat), body })),
        done,
      ),
    remove: (chat: Which) =>
      void settle(
        chat,
        call(api.DELETE("/api/v1/conversations/{conversation}", path(chat))),
        "Deleted. It can be restored from the list of deleted chats.",
      ),
  };
}
