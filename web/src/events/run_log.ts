/** Folds the events of a run into its steps, one event at a time, in constant time each. */
import { reasoningOf, textOf } from "./message_text";
import type {
  Decision,
  DecisionStep,
  EventOf,
  ModelStep,
  NoteEvent,
  NoteStep,
  Step,
  ToolStep,
} from "./steps";
import type { LiveText, RunEvent, RunState } from "./types";

export class RunLog {
  readonly steps: Step[] = [];
  state: RunState = "pending";
  turn = 0;
  /** Everything that waits for a person now, by its id. */
  readonly waiting = new Map<string, EventOf<"decision_requested">>();
  started: EventOf<"run_started"> | undefined;
  ended: EventOf<"run_ended"> | undefined;
  costMicros = 0;
  tokens = 0;
  /** How many events it has taken. */
  events = 0;
  private model: ModelStep | undefined;
  private readonly tools = new Map<string, ToolStep>();
  private readonly decisions = new Map<string, DecisionStep>();

  add(event: RunEvent): void {
    this.events += 1;
    switch (event.type) {
      case "run_started":
        return this.start(event);
      case "state_changed":
        this.state = event.state;
        return;
      case "model_called":
        return this.callModel(event);
      case "model_replied":
        return this.reply(event);
      case "model_failed":
        return this.failModel(event);
      case "tool_call_requested":
        return this.requestTool(event);
      case "tool_call_checked":
        return this.changeTool(event.call_id, (tool) => {
          tool.arguments = event.arguments;
        });
      case "tool_call_started":
        return this.changeTool(event.call_id, (tool) => {
          tool.state = "running";
          tool.at = event.at;
          tool.arguments = event.arguments;
          tool.edited ||= event.edited === true;
        });
      case "tool_call_finished":
        return this.finishTool(event);
      case "decision_requested":
        return this.ask(event);
      case "decision_made":
        return this.decide(event);
      case "run_ended":
        return this.end(event);
      case "output_delta":
      case "output_reset":
      case "output_gap":
      case "attempt_failed":
      case "tool_progress":
        return this.addLive(event);
      default:
        return this.note(event);
    }
  }

  private push(step: Step): void {
    this.steps.push(step);
  }

  private start(event: EventOf<"run_started">): void {
    this.state = "running";
    if (this.started) return; // the same run in a fresh history
    this.started = event;
    this.push({
      kind: "prompt",
      key: "prompt",
      at: event.at,
      turn: 0,
      cursor: event.cursor,
      version: 0,
      event,
    });
  }

  private callModel(event: EventOf<"model_called">): void {
    this.turn = event.turn;
    this.model = {
      kind: "model",
      key: `model-${event.turn}-${event.call}`,
      at: event.at,
      turn: event.turn,
      cursor: event.cursor,
      version: 0,
      call: event.call,
      model: event.model,
      messages: event.messages,
      state: "running",
      text: "",
      reasoning: "",
      attempt: 0,
      retries: [],
    };
    this.push(this.model);
  }

  private reply(event: EventOf<"model_replied">): void {
    const step = this.model;
    if (!step) return;
    step.state = event.interrupted ? "interrupted" : "replied";
    step.text = textOf(event.message);
    step.reasoning = reasoningOf(event.message);
    step.model = event.model;
    step.reply = event;
    step.usage = event.usage;
    step.costMicros = event.cost_micros;
    step.ended = event.at;
    step.retries = [];
    step.cursor = event.cursor;
    step.version += 1;
    this.costMicros += event.cost_micros ?? 0;
    this.tokens += event.usage.input + event.usage.output;
  }

  private failModel(event: EventOf<"model_failed">): void {
    const step = this.model;
    if (!step) return;
    step.state = "failed";
    step.error = event.error;
    step.ended = event.at;
    step.cursor = event.cursor;
    step.version += 1;
  }

  private requestTool(event: EventOf<"tool_call_requested">): void {
    const tool: ToolStep = {
      kind: "tool",
      // Models repeat the ids of calls, across turns at least.
      key: `tool-${event.turn}-${event.call.id}`,
      at: event.at,
      turn: event.turn,
      cursor: event.cursor,
      version: 0,
      callId: event.call.id,
      name: event.call.name,
      arguments: event.call.arguments,
      edited: false,
      state: "requested",
      progress: "",
      retries: [],
      decisions: [],
    };
    this.tools.set(event.call.id, tool);
    this.push(tool);
  }

  private changeTool(call: string, change: (tool: ToolStep) => void): void {
    const tool = this.tools.get(call);
    if (!tool) return;
    change(tool);
    tool.version += 1;
  }

  private finishTool(event: EventOf<"tool_call_finished">): void {
    this.changeTool(event.call_id, (tool) => {
      tool.state = event.unrun ? "unrun" : event.ok ? "done" : "failed";
      tool.result = event;
      tool.ended = event.at;
      tool.retries = [];
      tool.cursor = event.cursor;
    });
    this.waiting.delete(event.call_id);
  }

  private ask(event: EventOf<"decision_requested">): void {
    this.waiting.set(event.id, event);
    const decision: Decision = { asked: event };
    const tool = this.tools.get(event.id);
    if (tool) {
      tool.decisions.push(decision);
      tool.state = "waiting";
      tool.version += 1;
      return;
    }
    const step: DecisionStep = {
      kind: "decision",
      key: `decision-${this.steps.length}`,
      at: event.at,
      turn: event.turn,
      cursor: event.cursor,
      version: 0,
      decision,
    };
    this.decisions.set(event.id, step);
    this.push(step);
  }

  private decide(event: EventOf<"decision_made">): void {
    const only = this.waiting.size === 1 ? [...this.waiting.keys()][0] : undefined;
    const id = event.id ?? only;
    if (id === undefined) return;
    this.waiting.delete(id);
    const tool = this.tools.get(id);
    const step = tool ?? this.decisions.get(id);
    const decision = tool ? tool.decisions.at(-1) : this.decisions.get(id)?.decision;
    if (!step || !decision) return;
    decision.made = event;
    if (tool?.state === "waiting") tool.state = "requested";
    if (!tool) step.ended = event.at;
    step.version += 1;
  }

  private note(event: NoteEvent): void {
    const step: NoteStep = {
      kind: "note",
      key: `note-${this.steps.length}`,
      at: event.at,
      turn: this.turn,
      cursor: event.cursor,
      version: 0,
      event,
    };
    this.push(step);
  }

  private end(event: EventOf<"run_ended">): void {
    this.ended = event;
    this.state = event.state;
    this.waiting.clear();
    this.push({
      kind: "end",
      key: "end",
      at: event.at,
      turn: this.turn,
      cursor: event.cursor,
      version: 0,
      event,
    });
  }

  private addLive(event: LiveText): void {
    if (event.type === "tool_progress") {
      this.changeTool(event.call_id, (tool) => {
        tool.progress = event.text;
      });
      return;
    }
    if (event.type === "attempt_failed") return this.addRetry(event);
    const step = this.model;
    if (step?.state !== "running" || step.turn !== event.turn || step.call !== event.call) return;
    addText(step, event);
    step.version += 1;
  }

  private addRetry(event: Extract<LiveText, { type: "attempt_failed" }>): void {
    const { retry } = event;
    const step =
      retry.kind === "call_model"
        ? this.model
        : [...this.tools.values()].find((tool) => retry.activity.includes(tool.callId));
    if (!step) return;
    step.retries.push(retry);
    step.version += 1;
  }
}

function addText(
  step: ModelStep,
  event: Extract<LiveText, { type: "output_delta" | "output_reset" | "output_gap" }>,
): void {
  if (event.attempt < step.attempt) return;
  if (event.attempt > step.attempt || event.type === "output_reset") {
    step.attempt = event.attempt;
    step.text = "";
  }
  if (event.type !== "output_delta") return;
  // A reader that joins, or joins again, may get a piece twice.
  if (event.offset < step.text.length) step.text = step.text.slice(0, event.offset);
  step.text += event.text;
}
