/** Which steps a search or a filter leaves, with what they belong to. */
import { isProblem, isWait, type Step } from "@/events/steps";
import type { Only } from "../-view";

export interface Shown {
  /** Place among all steps. */
  place: number;
  /** Matches by itself, not only as the context of one that does. */
  matches: boolean;
  /** Steps left out before it. */
  hidden: number;
}

const texts = new WeakMap<Step, { version: number; text: string }>();

/** All that a step shows, in lower case; computed once for each change. */
function textOf(step: Step): string {
  const known = texts.get(step);
  if (known?.version === step.version) return known.text;
  const text = JSON.stringify(wordsOf(step)).toLowerCase();
  texts.set(step, { version: step.version, text });
  return text;
}

function wordsOf(step: Step): unknown {
  switch (step.kind) {
    case "prompt":
      return [step.event.prompt];
    case "model":
      return [step.model, step.text, step.reasoning, step.error];
    case "tool":
      return [
        step.name,
        step.callId,
        step.arguments,
        step.result?.content,
        step.result?.error?.code,
        step.decisions.map(({ made }) => [made?.by, made?.note, made?.answer]),
      ];
    case "decision":
      return [step.decision.asked.question, step.decision.made];
    case "pause":
      return ["paused"];
    case "note":
      return [step.event];
    case "end":
      return [step.event.state, step.event.output, step.event.reason, step.event.error];
  }
}

/** JSON writes some characters in another way; what is searched for is written so, too. */
function needleOf(find: string): string {
  return JSON.stringify(find.toLowerCase()).slice(1, -1);
}

export function filterSteps(
  steps: readonly Step[],
  find: string,
  only: Only | undefined,
): Shown[] | null {
  if (!find && !only) return null;
  const needle = needleOf(find);
  const shown: Shown[] = [];
  let model = -1;
  let last = -1;
  const show = (place: number, matches: boolean) => {
    shown.push({ place, matches, hidden: place - last - 1 });
    last = place;
  };
  steps.forEach((step, place) => {
    if (step.kind === "model") model = place;
    if (!fits(step, only) || (needle && !textOf(step).includes(needle))) return;
    // A call of a tool means little without the reply that asked for it.
    if (step.kind === "tool" && model > last) show(model, false);
    show(place, true);
  });
  return shown;
}

function fits(step: Step, only: Only | undefined): boolean {
  switch (only) {
    case "problems":
      return isProblem(step);
    case "waits":
      return isWait(step);
    case "people":
      return isWait(step) || step.kind === "note" || step.kind === "pause";
    case "tools":
      return step.kind === "tool";
    case "replies":
      return step.kind === "model" || step.kind === "prompt" || step.kind === "end";
    default:
      return true;
  }
}

/** Places to jump to, in the order in which `c` visits them: the most expensive first. */
export function rankByCost(steps: readonly Step[]): number[] {
  const costs: [number, number][] = [];
  steps.forEach((step, place) => {
    if (step.kind === "model" && (step.costMicros ?? 0) > 0)
      costs.push([place, step.costMicros ?? 0]);
  });
  return costs.sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([place]) => place);
}
