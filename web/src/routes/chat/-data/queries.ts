import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { Problem } from "@/api/problem";
import type { ChatFilters } from "./filters";
import type { Source } from "./inherited";
import type { ChatView, History } from "./types";

export function chatsQuery(filters: ChatFilters) {
  return infiniteQueryOptions({
    queryKey: ["chats", filters],
    queryFn: ({ pageParam }) =>
      call(
        api.GET("/api/v1/conversations", {
          params: { query: { ...filters, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** A conversation as it is now; null while it does not exist yet. */
export function chatQuery(chat: string) {
  return queryOptions({
    queryKey: ["chat", chat],
    queryFn: async (): Promise<ChatView | null> => {
      try {
        const params = { path: { conversation: chat } };
        return await call(api.GET("/api/v1/conversations/{conversation}", { params }));
      } catch (error) {
        if (Problem.of(error).status === 404) return null;
        throw error;
      }
    },
    staleTime: 0,
  });
}

const PAGE = 500;

/** All messages of runs that have ended. */
export async function readHistory(chat: string): Promise<History> {
  const found: History = { messages: [], turns: [] };
  const known = new Set<number>();
  for (let cursor: string | undefined; ; ) {
    const page = await call(
      api.GET("/api/v1/conversations/{conversation}/messages", {
        params: {
          path: { conversation: chat },
          query: { limit: PAGE, ...(cursor ? { cursor } : {}) },
        },
      }),
    );
    found.messages.push(...page.messages);
    for (const turn of page.turns) {
      if (!known.has(turn.number)) found.turns.push(turn);
      known.add(turn.number);
    }
    if (!page.next) return found;
    cursor = page.next;
  }
}

const MOST_SOURCES = 5;

/** The sources that the user may read, the nearest first. */
export async function readSources(
  forkedFrom: string,
  fetchView: (chat: string) => Promise<{ forked_from?: string | null } | null>,
): Promise<readonly Source[]> {
  const found: Source[] = [];
  for (let chat: string | null | undefined = forkedFrom; chat && found.length < MOST_SOURCES; ) {
    try {
      const view = await fetchView(chat);
      if (!view) break;
      found.push({ chat, ...(await readHistory(chat)) });
      chat = view.forked_from;
    } catch {
      break; // somebody else's, or forgotten: the words are here
    }
  }
  return found;
}
