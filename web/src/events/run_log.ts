/** Folds the events of a run into its steps, one event at a time, in constant time each. */
import { addText } from "./live_text";
import { reasoningOf, textOf } from "./message_text";
import { ReadEvents } from "./read_events";
import { addRetry } from "./retries";
import { rewind } from "./rewind";
import type { Decision, EventOf, ModelStep, NoteEvent, PauseStep, Step } from "./steps";
import { ToolLog } from "./tool_log";
import type { LiveText, Retry, RunEvent, RunState, Usage } from "./types";

export class RunLog {
  readonly steps: Step[] = [];
  state: RunState = "pending";
  turn = 0;
  /** The model of the latest call. */
  model = "";
  started: EventOf<"run_started"> | undefined;
  ended: EventOf<"run_ended"> | undefined;
  /** Whether it has ended, also if it was reset since. */
  wasOver = false;
  costMicros = 0;
  /** Replies whose price is unknown: they are not in `costMicros`. */
  unpriced = 0;
  tokens = 0;
  /** How many events it has taken. */
  events = 0;
  /** Retries that may belong to more than one call; the log of attempts tells. */
  readonly unplaced: Retry[] = [];
  private open: ModelStep | undefined;
  private pause: PauseStep | undefined;
  private readonly tools = new ToolLog((step) => this.push(step));
  private readonly places = new Map<string, number>();
  /** The first step of this execution: run ids change, and event ids begin again. */
  private first = 0;
  private counted = 0;
  /** The text of the last reply. */
  private said = "";
  private readonly read = new ReadEvents();

  /** Everything that waits for a person now, by its id. */
  get waiting(): ReadonlyMap<string, EventOf<"decision_requested">> {
    return this.tools.waiting;
  }

  /** What became of a request for a decision. */
  decisionOf(asked: EventOf<"decision_requested">): Decision | undefined {
    return this.tools.decisionOf(asked);
  }

  find(key: string): Step | undefined {
    return this.steps[this.placeOf(key)];
  }

  /** The place of a step among the steps; -1: there is none with this key. */
  placeOf(key: string): number {
    return this.places.get(key) ?? -1;
  }

  /** Takes the next event. One that it has is passed over: who asks for a topic twice, as around a
   * reconnect, may get the beginning of the run twice. */
  add(event: RunEvent): void {
    if ("cursor" in event && event.cursor && this.read.note(event.cursor)) return;
    this.events += 1;
    switch (event.type) {
      case "run_started":
        return this.start(event);
      case "state_changed":
        return this.changeState(event);
      case "model_called":
        return this.callModel(event);
      case "model_replied":
        return this.reply(event);
      case "model_failed":
        return this.failModel(event);
      case "tool_call_requested":
        return this.tools.request(event);
      case "tool_call_checked":
      case "tool_call_started":
        return this.tools.run(event);
      case "tool_call_finished":
        return this.tools.finish(event);
      case "child_started":
        return this.tools.startChild(event);
      case "child_ended":
        this.addSpent(event.totals?.usage, event.totals?.cost_micros, 1);
        return this.tools.endChild(event);
      case "context_compacted":
        this.addSpent(event.usage, event.cost_micros, 1);
        return this.note(event);
      case "decision_requested":
        return this.tools.ask(event);
      case "decision_made":
        return this.tools.decide(event);
      case "run_ended":
        return this.end(event);
      case "output_delta":
      case "output_reset":
      case "output_gap":
      case "attempt_failed":
      case "tool_progress":
        return this.addLive(event);
      case "branched":
        this.note(event);
        return this.branch(event);
      default:
        return this.note(event);
    }
  }

  /** Says which call the retries of an activity belong to. */
  placeRetries(activity: string, turn: number, call: string): void {
    const step = this.tools.find(call, turn);
    for (const retry of this.unplaced.filter((each) => each.activity === activity)) {
      this.unplaced.splice(this.unplaced.indexOf(retry), 1);
      if (step && step.state === "running") addRetry(step, retry);
    }
  }

  private push(step: Step): void {
    // After a reset, turns come again.
    let key = step.key;
    for (let again = 2; this.places.has(key); again += 1) key = `${step.key}.${again}`;
    step.key = key;
    this.places.set(key, this.steps.length);
    this.steps.push(step);
  }

  private base(key: string, event: { at: number; cursor?: Step["cursor"] }) {
    const { at, cursor } = event;
    return { key, at, turn: this.turn, began: cursor, cursor, version: 0 };
  }

  private count(kind: string): string {
    this.counted += 1;
    return `${kind}-${this.counted}`;
  }

  private start(event: EventOf<"run_started">): void {
    this.state = "running";
    this.first = this.steps.length;
    if (this.started) return; // the same run in a fresh history
    this.started = event;
    this.model = event.model;
    this.push({ kind: "prompt", ...this.base("prompt", event), event });
  }

  private changeState(event: EventOf<"state_changed">): void {
    this.state = event.state;
    if (this.pause) {
      this.pause.ended = event.at;
      this.pause.version += 1;
      this.pause = undefined;
    }
    if (event.state !== "paused") return;
    this.pause = { kind: "pause", ...this.base(this.count("pause"), event) };
    this.push(this.pause);
  }

  private callModel(event: EventOf<"model_called">): void {
    this.dropOpen(event.at);
    this.turn = event.turn;
    this.model = event.model;
    this.open = {
      kind: "model",
      ...this.base(`model-${event.turn}-${event.call}`, event),
      call: event.call,
      model: event.model,
      messages: event.messages,
      state: "running",
      text: "",
      reasoning: "",
      attempt: 0,
      received: 0,
      retries: [],
    };
    this.push(this.open);
  }

  /** A call that was cancelled has no event of its own: the next call or the end follows. */
  private dropOpen(at: number): void {
    const step = this.takeOpen(at);
    if (step) step.state = "cancelled";
  }

  private takeOpen(at: number): ModelStep | undefined {
    const step = this.open;
    this.open = undefined;
    if (!step) return;
    step.ended = at;
    // What only a reader of the live stream knows: a later reader must see the same step.
    step.retries = [];
    step.text = "";
    step.attempt = 0;
    step.received = 0;
    step.version += 1;
    return step;
  }

  private reply(event: EventOf<"model_replied">): void {
    const step = this.takeOpen(event.at);
    if (!step) return;
    step.state = event.interrupted ? "interrupted" : "replied";
    step.text = textOf(event.message);
    step.reasoning = reasoningOf(event.message);
    step.model = event.model;
    step.reply = event;
    step.usage = event.usage;
    step.costMicros = event.cost_micros;
    step.cursor = event.cursor;
    this.model = event.model;
    // The output of a run is the last text: the calls after it may have had none.
    if (step.text) this.said = step.text;
    this.addUsage(step, 1);
  }

  /** The run does not count what a reset dropped. */
  private takeBack(step: Step): void {
    if (step.kind === "model" && step.reply) this.addUsage(step, -1);
    if (step.kind === "tool" && step.child?.totals)
      this.addSpent(step.child.totals.usage, step.child.totals.cost_micros, -1);
    if (step.kind === "note" && step.event.type === "context_compacted")
      this.addSpent(step.event.usage, step.event.cost_micros, -1);
  }

  private addUsage(step: ModelStep, sign: 1 | -1): void {
    if (step.costMicros == null) this.unpriced += sign;
    this.addSpent(step.usage, step.costMicros, sign);
  }

  private addSpent(used: Usage | undefined, micros: number | null | undefined, sign: 1 | -1) {
    this.costMicros += sign * (micros ?? 0);
    this.tokens += sign * ((used?.input ?? 0) + (used?.output ?? 0));
  }

  private failModel(event: EventOf<"model_failed">): void {
    const step = this.takeOpen(event.at);
    if (!step) return;
    step.state = "failed";
    step.error = event.error;
    step.failed = event;
    step.cursor = event.cursor;
  }

  private note(event: NoteEvent): void {
    this.push({ kind: "note", ...this.base(this.count("note"), event), event });
  }

  private end(event: EventOf<"run_ended">): void {
    this.dropOpen(event.at);
    this.changeState({ ...event, type: "state_changed" });
    this.ended = event;
    this.wasOver = true;
    this.tools.endWaits(event.at);
    this.unplaced.length = 0;
    const told = event.output.trim() !== "" && event.output.trim() === this.said.trim();
    const last = this.steps.at(-1);
    const errorTold =
      event.error != null && last?.kind === "model" && last.error?.message === event.error.message;
    this.push({ kind: "end", ...this.base("end", event), event, told, errorTold });
  }

  /** A reset: the run goes on from an earlier point of this execution. */
  private branch(event: EventOf<"branched">): void {
    this.dropOpen(event.at);
    this.pause = undefined;
    this.ended = undefined;
    this.state = "running";
    const back = rewind(this.steps, this.first, event);
    for (const step of back.left) this.takeBack(step);
    this.turn = back.turn;
    this.tools.restore(back.tools, back.decisions);
    for (const step of back.fresh) this.push(step);
    this.open = back.model;
  }

  private addLive(event: LiveText): void {
    if (event.type === "tool_progress") return this.tools.progress(event);
    if (event.type === "attempt_failed") return this.retry(event.retry);
    const step = this.open;
    if (step?.turn !== event.turn || step.call !== event.call) return;
    addText(step, event);
    step.version += 1;
  }

  private retry(retry: Retry): void {
    if (retry.kind === "call_model") {
      if (this.open) addRetry(this.open, retry);
      return;
    }
    if (retry.kind !== "run_tool") return;
    const step = this.tools.findRetried(retry);
    if (step) addRetry(step, retry);
    else this.unplaced.push(retry);
  }
}
