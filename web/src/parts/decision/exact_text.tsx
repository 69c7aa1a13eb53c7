import { Fragment, useState } from "react";
import { cn } from "@/ui/cn";

/** Characters that a person cannot see, or that change the order in which others are shown. */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\p{Variation_Selector}\u2800\u3164\u115F\u1160\uFFA0\u17B4\u17B5\u{E0000}-\u{E0FFF}]/u;
const VISIBLE = new Set(["\n", "\t", " "]);
const SHOWN = 2_000;
/** Hidden characters in a row that are named one by one; of more, the first ones and their number. */
const NAMED = 4;

/** Texts and hidden characters by turns, the latter as `U+202E`. */
export function splitHidden(text: string): { text: string; hidden: boolean }[] {
  const parts: { text: string; hidden: boolean }[] = [];
  let plain = "";
  let run: string[] = [];
  const flush = () => {
    if (plain) parts.push({ text: plain, hidden: false });
    if (run.length > NAMED) {
      const rest = (run.length - NAMED + 1).toLocaleString("en");
      run = [...run.slice(0, NAMED - 1), `${rest} more hidden characters`];
    }
    for (const each of run) parts.push({ text: nameOf(each), hidden: true });
    plain = "";
    run = [];
  };
  for (const character of text) {
    const hidden = !VISIBLE.has(character) && HIDDEN.test(character);
    if (hidden ? plain : run.length > 0) flush();
    if (hidden) run.push(character);
    else plain += character;
  }
  flush();
  return parts;
}

function nameOf(character: string): string {
  if (character.length > 2) return character; // how many more there are
  const code = character.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

export function hasHidden(text: string): boolean {
  for (const character of text) {
    if (!VISIBLE.has(character) && HIDDEN.test(character)) return true;
  }
  return false;
}

/** The text, with a mark in place of each character that a person would not see. */
export function Marked(props: { text: string }) {
  return splitHidden(props.text).map((part, at) =>
    part.hidden ? (
      <mark key={at} className="mx-px rounded-sm bg-bad-soft px-1 font-mono text-bad text-xs">
        {part.text}
      </mark>
    ) : (
      <Fragment key={at}>{part.text}</Fragment>
    ),
  );
}

/** A text of which somebody decides: nothing in it is invisible. Long ones are cut until asked for. */
export function ExactText(props: { text: string; className?: string }) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && props.text.length > SHOWN;
  const shown = cut ? props.text.slice(0, SHOWN) : props.text;
  return (
    <span className={cn("whitespace-pre-wrap break-words", props.className)}>
      <bdi>
        <Marked text={shown} />
      </bdi>
      {cut && (
        <button
          type="button"
          className="ml-1 font-sans text-info text-xs underline"
          onClick={() => setWhole(true)}
        >
          Show all {props.text.length.toLocaleString("en")} characters
        </button>
      )}
    </span>
  );
}
