/** What a reset leaves: steps from before it, and those that are in progress again. */
import type { Decision, DecisionStep, EventOf, ModelStep, Step, ToolStep } from "./steps";
import type { Cursor } from "./types";

interface Rewound {
  /** No longer part of the run. */
  left: Step[];
  /** Calls without a result as of the reset; copies of those that got one later. */
  tools: ToolStep[];
  decisions: DecisionStep[];
  /** A copy of the call whose reply was dropped. */
  model: ModelStep | undefined;
  /** The copies: new among the steps. */
  fresh: Step[];
  turn: number;
}

export function rewind(steps: Step[], first: number, event: EventOf<"branched">): Rewound {
  const place = event.cursor?.event_id ?? 0;
  const back: Rewound = {
    left: [],
    tools: [],
    decisions: [],
    model: undefined,
    fresh: [],
    turn: 0,
  };
  const isBefore = (cursor: Cursor | null | undefined) => !cursor || cursor.event_id < place;
  // The last step is the note of this reset.
  for (let at = first; at < steps.length - 1; at += 1) {
    const step = steps[at];
    if (!step || step.left) continue;
    if (!isBefore(step.began)) {
      drop(step, back);
    } else if (!isBefore(step.cursor)) {
      drop(step, back);
      reopen(step, event.at, isBefore, back);
      back.turn = step.turn;
    } else {
      back.turn = step.turn;
      if (step.kind === "tool" && !step.result) back.tools.push(step);
      if (step.kind === "decision" && !step.decision.made) back.decisions.push(step);
    }
  }
  return back;
}

function drop(step: Step, back: Rewound): void {
  step.left = true;
  step.version += 1;
  back.left.push(step);
}

/** Puts a copy of a step in progress, for what follows the reset. */
function reopen(
  step: Step,
  at: number,
  isBefore: (cursor: Cursor | null | undefined) => boolean,
  back: Rewound,
): void {
  const fresh = { at, ended: undefined, cursor: step.began, version: 0 };
  if (step.kind === "model") {
    const { reply: _r, usage: _u, failed: _f, error: _e, left: _l, ...kept } = step;
    back.model = {
      ...kept,
      ...fresh,
      state: "running",
      text: "",
      reasoning: "",
      costMicros: undefined,
    };
    back.fresh.push(back.model);
  } else if (step.kind === "tool") {
    const { result: _r, left: _l, child, ...kept } = step;
    const decisions = step.decisions
      .filter((each) => isBefore(each.asked.cursor))
      .map((each): Decision => (isBefore(each.made?.cursor) ? each : { asked: each.asked }));
    const last = decisions.at(-1);
    const waits = last !== undefined && !last.made;
    const kind = waits ? "wait" : "run";
    const tool: ToolStep = {
      ...kept,
      ...fresh,
      decisions,
      state: waits ? "waiting" : "requested",
      spans: waits || step.spans.length ? [{ kind, from: at }] : [],
      retries: [],
    };
    if (child) tool.child = { run: child.run, agent: child.agent };
    back.tools.push(tool);
    back.fresh.push(tool);
  } else if (step.kind === "decision") {
    const { left: _l, ...kept } = step;
    const again = { ...kept, ...fresh, decision: { asked: step.decision.asked } };
    back.decisions.push(again);
    back.fresh.push(again);
  }
}
