/** What a compared event says, as text. Pure. */
import { reasoningOf, textOf } from "@/events/message_text";
import type { DurableEvent, Message } from "@/events/types";

export interface Described {
  title: string;
  /** A name that a program reads, such as a tool's. */
  code?: string;
  text: string;
  /** Figures in a few words. */
  figures: { seconds?: number; costMicros?: number | null };
  failed: boolean;
}

export function describeEvent(event: DurableEvent): Described {
  const described = { figures: {}, failed: false };
  switch (event.type) {
    case "model_called":
      return {
        ...described,
        title: "Asked",
        code: event.model,
        text: event.messages.map(textOfMessage).join("\n\n"),
      };
    case "model_replied":
      return {
        ...described,
        title: "Reply",
        code: event.model,
        text: textOfMessage(event.message),
        figures: { seconds: event.ms / 1000, costMicros: event.cost_micros ?? null },
      };
    case "model_failed":
      return { ...described, title: "Model failed", text: event.error.message, failed: true };
    case "tool_call_finished":
      return {
        ...described,
        title: event.ok ? "Tool" : "Tool failed",
        code: event.name,
        text: event.content,
        figures: event.ms == null ? {} : { seconds: event.ms / 1000 },
        failed: !event.ok,
      };
    case "decision_made":
      return {
        ...described,
        title: `Decision: ${event.verdict}`,
        text: [
          event.note,
          event.answer,
          event.arguments && JSON.stringify(event.arguments, null, 2),
        ]
          .filter(Boolean)
          .join("\n"),
      };
    case "hint_received":
      return { ...described, title: "Hint", text: event.text };
    case "budget_reached":
      return { ...described, title: "Budget reached", text: event.budget };
    case "run_ended":
      return {
        ...described,
        title: `Run ${event.state}`,
        text: event.error?.message ?? event.reason ?? event.output,
        failed: event.state === "failed",
      };
    default:
      return { ...described, title: event.type.replaceAll("_", " "), text: "" };
  }
}

function textOfMessage(message: Message): string {
  const calls = message.parts.flatMap((part) => {
    if (part.type === "tool_call") return [`→ ${part.name} ${writeArguments(part.arguments)}`];
    if (part.type === "tool_result") return [`← ${part.content}`];
    return [];
  });
  return [reasoningOf(message), textOf(message), ...calls].filter(Boolean).join("\n\n");
}

function writeArguments(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
