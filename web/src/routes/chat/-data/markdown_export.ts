import type { Schemas } from "@/api/client";

/** An exported conversation for people to read. */
export function toMarkdown(exported: Schemas["Exported"]): string {
  const title = exported.card.title ?? exported.card.id;
  const said = exported.messages.map((message) => {
    const who = message.role === "user" ? "You" : exported.card.agent;
    const text = message.parts
      .map((part) => ("text" in part && part.type === "text" ? part.text : ""))
      .join("");
    return text ? `## ${who}\n\n${text}\n` : "";
  });
  return [`# ${title}\n`, ...said.filter(Boolean)].join("\n");
}
