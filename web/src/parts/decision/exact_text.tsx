import { Fragment, useState } from "react";
import { cn } from "@/ui/cn";

/** Characters that a person cannot see, or that change the order in which others are shown. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/u;
const VISIBLE = new Set(["\n", "\t"]);
const SHOWN = 2_000;

/** Texts and hidden characters by turns, the latter as `U+202E`. */
export function splitHidden(text: string): { text: string; hidden: boolean }[] {
  if (!HIDDEN.test(text)) return [{ text, hidden: false }];
  const parts: { text: string; hidden: boolean }[] = [];
  let plain = "";
  for (const character of text) {
    if (VISIBLE.has(character) || !HIDDEN.test(character)) {
      plain += character;
      continue;
    }
    if (plain) parts.push({ text: plain, hidden: false });
    plain = "";
    const code = character.codePointAt(0) ?? 0;
    parts.push({ text: `U+${code.toString(16).toUpperCase().padStart(4, "0")}`, hidden: true });
  }
  if (plain) parts.push({ text: plain, hidden: false });
  return parts;
}

export function hasHidden(text: string): boolean {
  return splitHidden(text).some((part) => part.hidden);
}

/** A text of which somebody decides: nothing in it is invisible. Long ones are cut until asked for. */
export function ExactText(props: { text: string; className?: string }) {
  const [whole, setWhole] = useState(false);
  const cut = !whole && props.text.length > SHOWN;
  const shown = cut ? props.text.slice(0, SHOWN) : props.text;
  return (
    <span className={cn("whitespace-pre-wrap break-words", props.className)}>
      <bdi>
        {splitHidden(shown).map((part, at) =>
          part.hidden ? (
            <mark key={at} className="mx-px rounded-sm bg-bad-soft px-1 font-mono text-bad text-xs">
              {part.text}
            </mark>
          ) : (
            <Fragment key={at}>{part.text}</Fragment>
          ),
        )}
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
