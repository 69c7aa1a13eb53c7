/** Tool calls and decisions of a run: which event belongs to which step. */
import type { Decision, DecisionStep, EventOf, Step, ToolStep } from "./steps";
import type { LiveText, Retry } from "./types";

export class ToolLog {
  readonly waiting = new Map<string, EventOf<"decision_requested">>();
  /** The calls of the newest turn that has an id; models repeat ids across turns, and in one. */
  private readonly calls = new Map<string, ToolStep[]>();
  private readonly decisions = new Map<string, DecisionStep>();
  /** Calls that a worker runs now. */
  private readonly running = new Set<ToolStep>();
  private readonly activities = new Map<string, ToolStep>();
  /** The calls whose child runs have not ended, by the child. */
  private readonly parents = new Map<string, ToolStep>();
  private readonly asks = new WeakMap<EventOf<"decision_requested">, Decision>();
  private turn = -1;
  private inTurn = 0;
  private asked = 0;

  constructor(private readonly push: (step: Step) => void) {}

  request(event: EventOf<"tool_call_requested">): void {
    this.inTurn = event.turn === this.turn ? this.inTurn + 1 : 1;
    this.turn = event.turn;
    const { call } = event;
    const tool: ToolStep = {
      kind: "tool",
      key: `tool-${event.turn}-${this.inTurn}`,
      at: event.at,
      turn: event.turn,
      began: event.cursor,
      cursor: event.cursor,
      version: 0,
      callId: call.id,
      name: call.name,
      arguments: call.arguments,
      edited: false,
      ...(call.derived?.length ? { derived: call.derived } : {}),
      state: "requested",
      progress: "",
      retries: [],
      decisions: [],
      spans: [],
    };
    this.remember(tool);
    this.push(tool);
  }

  /** The call with this id that events are about; the first one without a result, if a model gave
   * one id to several calls. */
  find(id: string, turn?: number): ToolStep | undefined {
    const calls = this.calls.get(id);
    const fits = calls?.filter((each) => turn === undefined || each.turn === turn);
    return fits?.find((each) => !each.result) ?? fits?.at(-1);
  }

  run(event: EventOf<"tool_call_checked" | "tool_call_started">): void {
    const tool = this.find(event.call_id, event.turn);
    if (!tool) return;
    closeSpan(tool, event.at);
    tool.state = "running";
    tool.spans.push({ kind: "run", from: event.at });
    if (event.type === "tool_call_started" && event.edited) {
      tool.asked ??= tool.arguments;
      tool.edited = true;
    }
    tool.arguments = event.arguments;
    this.running.add(tool);
    touch(tool, event);
  }

  startChild(event: EventOf<"child_started">): void {
    const tool = this.find(event.call_id, event.turn);
    if (!tool) return;
    tool.child = { run: event.child, agent: event.agent, handover: event.handover === true };
    if (tool.spans.at(-1)?.to !== undefined || tool.spans.length === 0)
      tool.spans.push({ kind: "run", from: event.at });
    tool.state = "running";
    this.parents.set(event.child, tool);
    touch(tool, event);
  }

  endChild(event: EventOf<"child_ended">): void {
    const tool = this.parents.get(event.child);
    if (!tool?.child) return;
    this.parents.delete(event.child);
    tool.child = {
      ...tool.child,
      state: event.state,
      totals: event.totals ?? undefined,
      answer: event.answer ?? undefined,
    };
    if (tool.result) {
      // A hand-over: the call itself had ended before.
      tool.state = tool.result.ok ? "done" : "failed";
      tool.ended = event.at;
      closeSpan(tool, event.at);
    }
    touch(tool, event);
  }

  finish(event: EventOf<"tool_call_finished">): void {
    const tool = this.find(event.call_id, event.turn);
    if (!tool) return;
    tool.state = event.unrun ? "unrun" : event.ok ? "done" : "failed";
    tool.result = event;
    tool.ended = event.at;
    // Inline tools are recorded once, at their end.
    if (tool.spans.length === 0 && event.attempts > 0)
      tool.spans.push({ kind: "run", from: event.at - (event.ms ?? 0) / 1000 });
    closeSpan(tool, event.at);
    this.rest(tool);
    tool.progress = "";
    this.waiting.delete(waitKey(event.call_id, false));
    touch(tool, event);
  }

  ask(event: EventOf<"decision_requested">): void {
    const general = isGeneral(event.need);
    this.waiting.set(waitKey(event.id, general), event);
    const decision: Decision = { asked: event };
    this.asks.set(event, decision);
    const tool = general ? undefined : this.find(event.id, event.turn);
    if (tool) {
      const before = tool.spans.at(-1);
      // A worker that found that a person must decide called nothing.
      if (before?.to === undefined && before?.kind === "run" && event.need !== "outcome")
        before.kind = "check";
      closeSpan(tool, event.at);
      tool.spans.push({ kind: "wait", from: event.at });
      tool.decisions.push(decision);
      tool.state = "waiting";
      this.rest(tool);
      touch(tool, event);
      return;
    }
    this.asked += 1;
    const step: DecisionStep = {
      kind: "decision",
      key: `decision-${this.asked}`,
      at: event.at,
      turn: event.turn,
      began: event.cursor,
      cursor: event.cursor,
      version: 0,
      decision,
    };
    this.decisions.set(event.id, step);
    this.push(step);
  }

  /** What became of a request. */
  decisionOf(asked: EventOf<"decision_requested">): Decision | undefined {
    return this.asks.get(asked);
  }

  decide(event: EventOf<"decision_made">): void {
    const found = this.findWait(event);
    if (!found) return;
    this.waiting.delete(waitKey(found.id, isGeneral(found.need)));
    const tool = isGeneral(found.need) ? undefined : this.find(found.id, found.turn);
    const step = tool ?? this.decisions.get(found.id);
    const decision = step?.kind === "tool" ? step.decisions.at(-1) : step?.decision;
    if (!step || !decision) return;
    decision.made = event;
    if (tool) closeSpan(tool, event.at);
    if (tool?.state === "waiting") tool.state = "requested";
    if (!tool) step.ended = event.at;
    touch(step, event);
  }

  private findWait(event: EventOf<"decision_made">): EventOf<"decision_requested"> | undefined {
    const waits = [...this.waiting.values()];
    if (event.id == null) return waits.length === 1 ? waits[0] : undefined;
    const fits = waits.filter((each) => each.id === event.id);
    return fits.find((each) => each.need === event.need) ?? fits[0];
  }

  progress(event: Extract<LiveText, { type: "tool_progress" }>): void {
    const tool = this.find(event.call_id, event.turn);
    if (!tool || tool.result) return;
    tool.progress = event.text;
    tool.version += 1;
  }

  /** The call that is being retried, if only one can be meant. */
  findRetried(retry: Retry): ToolStep | undefined {
    const known = this.activities.get(retry.activity);
    if (known && this.running.has(known)) return known;
    const free = [...this.running].filter((each) => each.retries.length === 0);
    const only = free.length === 1 ? free[0] : undefined;
    if (only) this.activities.set(retry.activity, only);
    return only;
  }

  /** The run has ended: nothing waits or runs any more. */
  endWaits(at: number): void {
    for (const step of this.decisions.values()) step.ended ??= at;
    this.waiting.clear();
    this.running.clear();
    this.activities.clear();
  }

  /** Goes back to these open calls and decisions, after a reset. */
  restore(tools: readonly ToolStep[], decisions: readonly DecisionStep[]): void {
    this.calls.clear();
    this.decisions.clear();
    this.waiting.clear();
    this.running.clear();
    this.activities.clear();
    this.parents.clear();
    this.turn = -1;
    for (const tool of tools) {
      this.remember(tool);
      if (tool.child) this.parents.set(tool.child.run, tool);
      if (tool.state === "running") this.running.add(tool);
      const wait = tool.decisions.at(-1);
      if (wait && !wait.made && !tool.result)
        this.waiting.set(waitKey(tool.callId, false), wait.asked);
    }
    for (const step of decisions) {
      this.decisions.set(step.decision.asked.id, step);
      this.waiting.set(waitKey(step.decision.asked.id, true), step.decision.asked);
    }
  }

  private remember(tool: ToolStep): void {
    const calls = this.calls.get(tool.callId);
    if (calls?.[0]?.turn === tool.turn) calls.push(tool);
    else this.calls.set(tool.callId, [tool]);
  }

  /** No worker runs it any more; what only live readers know goes. */
  private rest(tool: ToolStep): void {
    this.running.delete(tool);
    for (const retry of tool.retries) this.activities.delete(retry.activity);
    tool.retries = [];
  }
}

/** A tool call may have the id "budget": the need tells what is asked about. */
function isGeneral(need: string): boolean {
  return need === "budget" || need === "store";
}

function waitKey(id: string, general: boolean): string {
  return general ? `run ${id}` : `call ${id}`;
}

function closeSpan(tool: ToolStep, at: number): void {
  const open = tool.spans.at(-1);
  if (open && open.to === undefined) open.to = at;
}

function touch(step: Step, event: { cursor?: Step["cursor"] }): void {
  step.cursor = event.cursor;
  step.version += 1;
}
