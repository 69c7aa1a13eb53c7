/** What a conversation took over when it was forked. Its own store has the words alone; who asked,
 * with which files, and what the tools did is in the conversation that it was forked from. */
import type { History, Stored, StoredTurn } from "./types";

/** A conversation that this one, or its source, was forked from. */
export interface Source extends History {
  chat: string;
}

/** A turn of a source that the fork has too. */
interface Inherited {
  kind: "inherited";
  chat: string;
  turn: StoredTurn;
  said: readonly Stored[];
}

/** The messages that a conversation began with, as turns of the sources where they are known. */
export function inherit(
  base: readonly Stored[],
  sources: readonly Source[],
): readonly (Inherited | Stored)[] {
  const [source, ...older] = sources;
  if (!source) return base;
  const own = source.messages.filter((each) => each.turn === 0).length;
  const found: (Inherited | Stored)[] = [...inherit(base.slice(0, own), older)];
  const rest = base.slice(own);
  const turns = source.turns
    .filter((turn) => !turn.rolled_back)
    .toSorted((one, two) => one.number - two.number);
  for (const turn of turns) {
    const said = source.messages.filter((each) => each.turn === turn.number);
    const asked = said.find(isAsked);
    if (!asked || !rest[0] || !isAsked(rest[0]) || rest[0].content !== asked.content) continue;
    const following = rest.findIndex((each, place) => place > 0 && isAsked(each));
    rest.splice(0, following < 0 ? rest.length : following);
    found.push({ kind: "inherited", chat: source.chat, turn, said });
  }
  return [...found, ...rest];
}

function isAsked(message: Stored): boolean {
  return message.role === "user" && message.origin == null;
}
