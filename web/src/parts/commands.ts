/** Everything that can be done, in one list: the palette, the keys and the list of keys read it. */

import type { LucideIcon } from "lucide-react";
import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Command {
  id: string;
  title: string;
  /** The heading under which lists show it. */
  group: string;
  /** Keys as they are pressed: "g r" one after another, "mod+k" together. */
  keys?: string;
  icon?: LucideIcon;
  run: () => void;
}

/** Keys that an element takes itself: only the list of keys shows them. */
type KeyNote = Pick<Command, "id" | "title" | "group"> & { keys: string };

export function noteOf(note: KeyNote): Command {
  return { ...note, run: noted };
}

function noted(): void {}

/** Whether it can be run from anywhere. */
export function isRunnable(command: Command): boolean {
  return command.run !== noted;
}

const registered = new Map<symbol, readonly Command[]>();
const listeners = new Set<() => void>();
let all: readonly Command[] = [];

function publish(): void {
  all = [...registered.values()].flat();
  for (const listener of listeners) listener();
}

/** Offers commands until the returned function is called. */
export function offerCommands(commands: readonly Command[]): () => void {
  const owner = Symbol();
  registered.set(owner, commands);
  publish();
  return () => {
    registered.delete(owner);
    publish();
  };
}

/** Offers commands while the component is shown. `run` may change with each render; what lists show
 * is taken again when ids, titles or keys change. */
export function useCommands(commands: readonly Command[]): void {
  const newest = useRef(commands);
  newest.current = commands;
  const shape = commands.map((each) => `${each.id}|${each.title}|${each.keys ?? ""}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the commands
  useEffect(() => {
    const stable = newest.current.map((command) => ({
      ...command,
      ...(isRunnable(command) && {
        run: () => newest.current.find((each) => each.id === command.id)?.run(),
      }),
    }));
    return offerCommands(stable);
  }, [shape]);
}

export function useAllCommands(): readonly Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => all,
  );
}

export function allCommands(): readonly Command[] {
  return all;
}
