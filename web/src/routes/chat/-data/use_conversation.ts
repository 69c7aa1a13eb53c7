import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { followTopic } from "@/api/live";
import { Problem, type ProblemDocument } from "@/api/problem";
import { ConversationLog } from "./conversation_log";
import { chatQuery, readHistory, readSources } from "./queries";
import { buildThread, type Item } from "./thread";
import type { ChatView, History } from "./types";
import { onAccepted, useDeliveries } from "./use_outbox";

/** The newest runs are read as events; older ones are shown from their messages. */
const FOLLOWED_TURNS = 10;
/** Others may send messages, of which no event tells. */
const LOOK_MS = 4_000;

export interface Conversation {
  view: ChatView | null | undefined;
  items: readonly Item[];
  /** Whether what was said before is known. */
  ready: boolean;
  /** Why nothing arrives. */
  problem: Problem | undefined;
  /** Asks the inbox again. */
  refresh: () => void;
}

const NOTHING: History = { messages: [], turns: [] };

/** A conversation, as it happens. Key the component that uses it by the conversation. */
export function useConversation(chat: string, user: string): Conversation {
  const queries = useQueryClient();
  const deliveries = useDeliveries(user);
  const creating = deliveries.some(
    ({ message, state }) => message.chat === chat && message.create && state !== "accepted",
  );
  const view = useQuery({ ...chatQuery(chat), refetchInterval: LOOK_MS, enabled: !creating });
  const exists = view.data != null;
  const history = useQuery({
    queryKey: ["chat", chat, "history"],
    queryFn: () => readHistory(chat),
    enabled: exists,
    staleTime: Number.POSITIVE_INFINITY, // what comes later is in the events
  });
  const forkedFrom = view.data?.forked_from;
  const sources = useQuery({
    queryKey: ["chat", chat, "sources"],
    queryFn: () => readSources(forkedFrom ?? "", (other) => queries.fetchQuery(chatQuery(other))),
    enabled: forkedFrom != null,
    staleTime: Number.POSITIVE_INFINITY, // what was taken over does not change
  });
  const refresh = useCallback(() => {
    void queries.invalidateQueries({ queryKey: ["chat", chat], exact: true });
  }, [queries, chat]);
  const first = firstTurn(history.data);
  const events = useEvents(chat, history.isSuccess ? first : null, refresh);
  useEffect(() => {
    return onAccepted((message) => {
      if (message.chat === chat) refresh();
    });
  }, [chat, refresh]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` stands for the logs
  const items = useMemo(() => {
    return buildThread({
      view: view.data ?? undefined,
      ...(history.data ?? NOTHING),
      logs: events.log.logs,
      sources: sources.data ?? [],
      outgoing: deliveries.filter((each) => each.message.chat === chat),
    });
  }, [view.data, history.data, sources.data, events.log, events.version, deliveries, chat]);
  const failed = view.error ?? history.error;
  return {
    view: view.data,
    items,
    ready: creating || (view.isSuccess && (!exists || history.isSuccess)),
    problem: events.problem ?? (failed ? Problem.of(failed) : undefined),
    refresh,
  };
}

function firstTurn(history: History | undefined): number {
  const last = history?.turns.at(-1)?.number ?? 0;
  return Math.max(1, last - FOLLOWED_TURNS + 1);
}

interface Events {
  log: ConversationLog;
  /** Changes with the log, at most once a frame. */
  version: number;
  problem: Problem | undefined;
}

/** The events from the run number `first` on; null: not yet. */
function useEvents(chat: string, first: number | null, onTurn: () => void): Events {
  const [log] = useState(() => new ConversationLog(chat));
  const [version, setVersion] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  const changed = useRef(onTurn);
  changed.current = onTurn;
  useEffect(() => {
    if (first === null) return;
    let frame = 0;
    const draw = () => {
      frame = 0;
      setVersion((before) => before + 1);
    };
    log.logs.clear();
    const leave = followTopic(`conversation/${encodeURIComponent(chat)}?turn=${first}`, (got) => {
      if (got.event === "error") {
        const document = got.data as Partial<ProblemDocument>;
        setProblem(new Problem(document, document.status ?? 500));
        return;
      }
      const event = log.add(got.data);
      if (!event) return;
      setProblem(undefined);
      if (ASK_AGAIN.has(event.type)) changed.current();
      frame ||= requestAnimationFrame(draw);
    });
    return () => {
      leave();
      cancelAnimationFrame(frame);
    };
  }, [chat, first, log]);
  return { log, version, problem };
}

/** After these the inbox says something else. */
const ASK_AGAIN = new Set(["run_started", "run_ended", "hint_received", "decision_requested"]);
