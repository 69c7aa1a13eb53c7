import type { Message } from "./types";

/** The text of a message, without its other parts. */
export function textOf(message: Message): string {
  return message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** What the model thought, as far as its provider tells. */
export function reasoningOf(message: Message): string {
  return message.parts
    .map((part) => (part.type === "reasoning" ? (part.text ?? "") : ""))
    .filter(Boolean)
    .join("\n\n");
}
