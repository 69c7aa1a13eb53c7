import type { Schemas } from "@/api/client";

export type Chat = Schemas["ConversationSummary"];
export type ChatView = Schemas["ConversationView"];
export type Stored = Schemas["MessageView"];
export type StoredTurn = Schemas["TurnView"];
export type Receipt = Schemas["Receipt"];
export type Policy = Chat["policy"];
export type ErrorInfo = Schemas["ErrorInfo"];
export type UserPart = Schemas["AnsweringView"]["parts"][number];

/** A file that was uploaded, and can be sent with a message. */
export interface Attached {
  id: string;
  name: string;
  size: number;
}

/** What runs of a conversation that have ended have left. */
export interface History {
  messages: Stored[];
  turns: StoredTurn[];
}
