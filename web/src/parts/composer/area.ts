/** The field of a message: its height, and what can be dropped or done in it. */
import { type DragEvent, type RefObject, useLayoutEffect } from "react";
import { noteOf, useCommands } from "../commands";
import { describeKeys } from "../keys";
import { type Policy, sayPolicy } from "./policy_choice";

const MOST_PX = 280;

export function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer.types.includes("Files");
}

/** What mod+Enter does. */
export function otherPolicy(policy: Policy): Policy {
  return policy === "queue" || policy === "reject" ? "hint" : "queue";
}

export function useHeight(area: RefObject<HTMLTextAreaElement | null>, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, MOST_PX)}px`;
  }, [text]);
}

/** Lists the keys that the field takes. */
export function useMessageKeys(answering: boolean, policy: Policy): void {
  const group = "Message";
  const while_answering = [
    noteOf({
      id: "message.other",
      title: sayPolicy(otherPolicy(policy)),
      group,
      keys: describeKeys("mod+Enter"),
    }),
    noteOf({ id: "message.stop", title: "Stop the answer", group, keys: "Escape" }),
  ];
  useCommands([
    noteOf({ id: "message.send", title: "Send", group, keys: "Enter" }),
    noteOf({ id: "message.line", title: "Begin a new line", group, keys: "Shift Enter" }),
    noteOf({ id: "message.edit", title: "Edit the last message, if empty", group, keys: "↑" }),
    noteOf({ id: "message.template", title: "Insert a template, if empty", group, keys: "/" }),
    ...(answering ? while_answering : []),
  ]);
}
