/** The keys of a card, and where they put the cursor. */
import { useEffect, useRef, useState } from "react";
import { type Command, useCommands } from "../commands";
import type { Draft } from "./drafts";
import type { WORDS } from "./verdicts";

/** Puts the cursor where the chosen act goes on; not where the card has just appeared. */
export function useFocusOnMode(
  mode: Draft["mode"],
  place: { current: HTMLDivElement | null },
  loading: boolean,
): void {
  const before = useRef(mode);
  useEffect(() => {
    if (before.current === mode || (mode === "edit" && loading)) return;
    before.current = mode;
    const within = { edit: "[data-edit] :is(input, textarea, select)", read: "[data-approve]" };
    const found = place.current?.querySelector<HTMLElement>(
      mode === "edit" || mode === "read" ? within[mode] : "[data-text]",
    );
    found?.focus();
  }, [mode, place, loading]);
}

/** A single key does not start what cannot be taken back: it goes to the button, and Enter or the
 * same key again presses it. `armed`: whether the key was pressed once, which has to be shown. */
export function useApproveKey(
  grave: boolean,
  place: { current: HTMLElement | null },
  approve: () => void,
): { armed: boolean; press: () => void } {
  const [armed, setArmed] = useState(false);
  const press = () => {
    const button = place.current?.querySelector<HTMLButtonElement>("[data-approve]");
    if (!grave || !button || document.activeElement === button) return approve();
    button.focus();
    setArmed(true);
    button.addEventListener("blur", () => setArmed(false), { once: true });
  };
  return { armed, press };
}

export function useDecisionKeys(props: {
  on: boolean;
  subject: string;
  name: string;
  words: (typeof WORDS)[keyof typeof WORDS];
  canEdit: boolean;
  guard: () => boolean;
  approve: () => void;
  goTo: (mode: Draft["mode"]) => void;
}): void {
  const { words, name, goTo } = props;
  const offered: (Command | false)[] = [
    words.approve !== undefined && command("approve", "a", words.approve, guarded(props.approve)),
    words.edit !== undefined &&
      props.canEdit &&
      command("edit", "e", words.edit, () => goTo("edit")),
    words.answer !== undefined && command("answer", "h", words.answer, () => goTo("answer")),
    command(
      "reject",
      "r",
      words.reject,
      guarded(() => goTo("reject")),
    ),
  ];
  useCommands(props.on ? offered.filter((each) => each !== false) : []);

  function command(id: string, keys: string, verb: string, run: () => void): Command {
    return {
      id: `decide.${id}.${props.subject}`,
      title: `${verb}: ${name.slice(0, 60)}`,
      group: "Decide",
      keys,
      run,
    };
  }

  function guarded(run: () => void): () => void {
    return () => {
      if (props.guard()) run();
    };
  }
}
