/** What an undo will do, from its dry run. Pure. */
import type { Schemas } from "@/api/client";

export type UndoStep = Schemas["UndoStep"];
export type Effect = Schemas["EffectRow"];

export interface PlannedStep {
  step: UndoStep;
  /** Whether the undo gets this far: it stops at the first effect that cannot be undone. */
  reached: boolean;
}

export function planUndo(steps: readonly UndoStep[]): PlannedStep[] {
  let reached = true;
  return steps.map((step) => {
    const planned = { step, reached };
    if (step.state === "stopped") reached = false;
    return planned;
  });
}

/** How many effects the undo will undo before it stops. */
export function countUndone(planned: readonly PlannedStep[]): number {
  return planned.filter(({ step, reached }) => reached && step.state === "would_undo").length;
}

/** The step that an undo stops at; undefined if it gets to the end. */
export function findStop(steps: readonly UndoStep[]): UndoStep | undefined {
  return steps.find((step) => step.state === "stopped");
}

interface TargetState {
  state: "changed" | "unchanged" | "unknown";
  word: string;
  why: string;
}

/** What the check of a target found, in words. */
export function describeTarget(changed: boolean | null | undefined, why: string): TargetState {
  if (changed == null)
    return { state: "unknown", word: "not checked", why: why.replace(/^Not checked: /, "") };
  return changed
    ? { state: "changed", word: "changed since", why }
    : { state: "unchanged", word: "unchanged", why };
}

/** The turns that an undo may go back to: the one before each turn that has an effect left. */
export function turnsToKeep(effects: readonly Effect[]): number[] {
  const turns = new Set(effects.filter(isLeft).map((effect) => effect.turn));
  const before = [...turns].map((turn) => Math.max(0, turn - 1)).filter((turn) => turn > 0);
  return [...new Set(before)].sort((a, b) => b - a);
}

/** Whether there is something to undo: as the daemon decides it. */
export function isLeft(effect: Effect): boolean {
  if (effect.state === "failed") return effect.receipt != null;
  return effect.state !== "undone";
}

/** How many effects have each state. */
export function countStates(effects: readonly Effect[]): Map<Effect["state"], number> {
  const counts = new Map<Effect["state"], number>();
  for (const { state } of effects) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}
