/** The browser's one outbox: it delivers as long as the page is open, whatever view is shown. */
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, call } from "@/api/client";
import { watchLiveStatus } from "@/api/live";
import { Problem } from "@/api/problem";
import { meQuery } from "@/api/queries";
import { OUTBOX } from "@/parts/chat_keys";
import { type Delivery, Outbox, type Outgoing } from "./outbox";
import type { Receipt } from "./types";

async function send(message: Outgoing): Promise<Receipt> {
  // All tabs share the session, so another user may have signed in since this page was opened.
  const me = await call(api.GET("/api/v1/me"));
  if (me.user !== message.user) {
    throw new Problem({ detail: `Sign in as ${message.user} to send this message.` }, 401);
  }
  if (message.create) await createOnce(message, message.create);
  return call(
    api.POST("/api/v1/conversations/{conversation}/messages", {
      params: { path: { conversation: message.chat } },
      body: {
        id: message.id,
        content: message.text,
        ...(message.policy ? { policy: message.policy } : {}),
        ...(message.model ? { model: message.model } : {}),
        ...filesOf(message),
      },
    }),
  );
}

function filesOf(message: Outgoing): { files?: string[] } {
  return message.files.length > 0 ? { files: message.files.map((file) => file.id) } : {};
}

/** Creates the conversation under the id that was made here; a second time, it exists. */
async function createOnce(
  message: Outgoing,
  { agent, title, model, policy }: NonNullable<Outgoing["create"]>,
): Promise<void> {
  try {
    await call(
      api.POST("/api/v1/conversations", {
        body: {
          id: message.chat,
          agent,
          title,
          tags: [],
          policy: policy ?? "queue",
          ...(model ? { model } : {}),
        },
      }),
    );
  } catch (error) {
    if (Problem.of(error).code !== "conversations.exists") throw error;
  }
}

const NO_DELIVERIES: readonly Delivery[] = [];
const accepted = new Set<(message: Outgoing) => void>();
let outbox: Outbox | undefined;
let owner: string | undefined;

/** The outbox of a user; started with the first use. */
export function outboxOf(user: string): Outbox {
  if (outbox && owner === user) return outbox;
  owner = user;
  const made = new Outbox(localStorage, send, user, (message) => {
    for (const listener of accepted) listener(message);
  });
  outbox = made;
  addEventListener("storage", (event) => {
    if (event.key === null || event.key.startsWith(OUTBOX)) made.reload();
  });
  addEventListener("online", () => made.wake());
  watchLiveStatus((status) => {
    if (status === "online") made.wake();
  });
  return made;
}

/** Calls back with each message that the daemon has confirmed. */
export function onAccepted(listener: (message: Outgoing) => void): () => void {
  accepted.add(listener);
  return () => accepted.delete(listener);
}

export function useUser(): string {
  return useQuery(meQuery).data?.user ?? "";
}

export function useDeliveries(user: string): readonly Delivery[] {
  return useSyncExternalStore(
    (changed) => (user ? outboxOf(user).watch(changed) : () => {}),
    () => (user ? outboxOf(user).all() : NO_DELIVERIES),
  );
}
