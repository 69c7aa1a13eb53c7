import type { Attached, UserPart } from "./types";

const MOST_TITLE = 80;

/** The first line of what was asked. */
export function titleOf(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length <= MOST_TITLE ? line : `${line.slice(0, MOST_TITLE - 1)}…`;
}

/** The files of a message, to send them again with its edit. */
export function filesOf(parts: readonly UserPart[]): Attached[] {
  return parts.flatMap((part) => {
    if (part.type === "text" || !part.artifact) return [];
    return [{ id: part.artifact, name: part.type === "file" ? part.name : "Picture", size: 0 }];
  });
}
