/** Puts pieces of a reply together as they arrive. */
import type { ModelStep } from "./steps";
import type { LiveText } from "./types";

/** Stands where text was missed; the reply has it. */
const GAP = " [...] ";

export function addText(
  step: ModelStep,
  event: Extract<LiveText, { type: "output_delta" | "output_reset" | "output_gap" }>,
): void {
  if (event.attempt < step.attempt) return;
  if (event.attempt > step.attempt || event.type === "output_reset") {
    step.attempt = event.attempt;
    step.text = "";
    step.received = 0;
  }
  if (event.type === "output_reset") return;
  if (event.offset > step.received) step.text += GAP;
  // A reader that joins, or joins again, may get a piece twice.
  const repeated = event.offset < step.received;
  step.received = Math.max(step.received, event.offset);
  if (event.type === "output_gap") return;
  const text = repeated ? cutStart(event.text, step.received - event.offset) : event.text;
  step.text += text;
  step.received += countCharacters(text);
}

/** Characters as Python counts them: one for a pair of surrogates. */
function countCharacters(text: string): number {
  let count = text.length;
  for (let place = 0; place < text.length; place += 1) {
    const code = text.charCodeAt(place);
    if (code >= 0xd800 && code < 0xdc00) count -= 1;
  }
  return count;
}

function cutStart(text: string, characters: number): string {
  return [...text].slice(characters).join("");
}
