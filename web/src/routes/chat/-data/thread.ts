/** What a conversation shows, made from what is known of it: its stored messages, what its inbox says,
 * the events of its newest runs, and what this browser is sending. Pure. */
import { textOf } from "@/events/message_text";
import type { RunLog } from "@/events/run_log";
import type { ModelStep } from "@/events/steps";
import type { ErrorInfo, Message, RunState } from "@/events/types";
import { inherit, type Source } from "./inherited";
import type { Delivery } from "./outbox";
import type { ChatView, Stored, StoredTurn, UserPart } from "./types";

/** A message and the run that answers it. */
export interface TurnItem {
  kind: "turn";
  key: string;
  number: number;
  run: string;
  /** The id of the message, as its sender named it. */
  message: string | undefined;
  text: string;
  parts: readonly UserPart[];
  by: string | undefined;
  /** Seconds since the epoch. */
  at: number | undefined;
  state: RunState;
  /** Its events; without them, `stored` has what was said. */
  log: RunLog | undefined;
  stored: readonly Stored[];
  costMicros: number | null | undefined;
  tokens: number | undefined;
  error: ErrorInfo | undefined;
  reason: string | undefined;
  rolledBack: boolean;
  /** The conversation that has it, if this one was forked from that. */
  chat?: string;
  /** Changes with what it shows. */
  version: string;
}

/** A message whose run has not started. */
export interface PreparingItem {
  kind: "preparing";
  key: string;
  text: string;
  parts: readonly UserPart[];
  delay: ErrorInfo | undefined;
}

/** What the conversation was imported or forked with. */
interface BaseItem {
  kind: "base";
  key: string;
  said: Stored;
}

export interface WaitingItem {
  kind: "waiting";
  key: string;
  line: string;
  by: string | undefined;
  place: number;
}

/** A message that no run answers. */
interface UnansweredItem {
  kind: "unanswered";
  key: string;
  line: string;
  error: ErrorInfo | undefined;
}

/** On its way from this browser. */
interface OutgoingItem {
  kind: "outgoing";
  key: string;
  delivery: Delivery;
}

export type Item =
  | TurnItem
  | PreparingItem
  | BaseItem
  | WaitingItem
  | UnansweredItem
  | OutgoingItem;

export interface Known {
  view: ChatView | undefined;
  messages: readonly Stored[];
  turns: readonly StoredTurn[];
  logs: ReadonlyMap<number, RunLog>;
  /** Where it was forked from, the nearest first. */
  sources?: readonly Source[];
  outgoing: readonly Delivery[];
}

export function buildThread(known: Known): Item[] {
  const turns = buildTurns(known);
  const ids = new Set(turns.map((turn) => turn.message).filter((id) => id !== undefined));
  const base = known.messages.filter((message) => message.turn === 0);
  const items: Item[] = inherit(base, known.sources ?? []).map((each) =>
    "said" in each
      ? { ...buildTurn(each.turn.number, each.turn, undefined, each.said), chat: each.chat }
      : { kind: "base", key: each.id, said: each },
  );
  items.push(...turns);
  const { view } = known;
  const open = view?.answering;
  if (view && open && !open.run && !ids.has(open.message)) {
    ids.add(open.message);
    items.push({
      kind: "preparing",
      key: open.message,
      text: open.content,
      parts: open.parts,
      delay: open.delay ?? undefined,
    });
  }
  for (const turn of view?.recent ?? []) {
    if (turn.run || ids.has(turn.message)) continue;
    ids.add(turn.message);
    items.push({
      kind: "unanswered",
      key: turn.message,
      line: turn.line ?? "",
      error: turn.error ?? undefined,
    });
  }
  for (const [place, each] of (view?.waiting ?? []).entries()) {
    if (ids.has(each.id)) continue;
    ids.add(each.id);
    items.push({
      kind: "waiting",
      key: each.id,
      line: each.line,
      by: each.by ?? undefined,
      place: place + 1,
    });
  }
  for (const delivery of known.outgoing) {
    if (ids.has(delivery.message.id) || hasArrived(delivery, turns)) continue;
    items.push({ kind: "outgoing", key: delivery.message.id, delivery });
  }
  return items;
}

/** A hint has no turn of its own: it has arrived once its run shows it, or is over. */
function hasArrived(delivery: Delivery, turns: readonly TurnItem[]): boolean {
  const { receipt, message } = delivery;
  if (receipt?.outcome === "not_answered") return true; // `recent` says so
  if (receipt?.outcome !== "hinted" && receipt?.outcome !== "interrupted") return false;
  const turn = turns.find((each) => each.run === receipt.run);
  if (!turn) return false;
  if (isOver(turn.state)) return true;
  return hintsOf(turn.log).some((hint) => hint.text === message.text);
}

function hintsOf(log: RunLog | undefined): { text: string }[] {
  const found: { text: string }[] = [];
  for (const step of log?.steps ?? []) {
    if (step.kind === "note" && step.event.type === "hint_received") found.push(step.event);
  }
  return found;
}

export function isOver(state: RunState): boolean {
  return state === "completed" || state === "failed" || state === "aborted";
}

function buildTurns(known: Known): TurnItem[] {
  const said = Map.groupBy(known.messages, (message) => message.turn);
  const stored = new Map(known.turns.map((turn) => [turn.number, turn]));
  const answers = new Map<string, string>(); // run -> message
  const undone = new Set<string>();
  for (const turn of known.view?.recent ?? []) {
    if (turn.run) answers.set(turn.run, turn.message);
    if (turn.run && turn.state === "rolled_back") undone.add(turn.run);
  }
  const open = known.view?.answering;
  if (open?.run) answers.set(open.run, open.message);
  const numbers = new Set([...stored.keys(), ...known.logs.keys()]);
  if (open?.number != null && open.run) numbers.add(open.number);
  return [...numbers]
    .sort((one, two) => one - two)
    .map((number) => {
      const turn = stored.get(number);
      const log = known.logs.get(number);
      const own = open?.number === number ? open : undefined;
      const item = buildTurn(number, turn, log, said.get(number) ?? [], own, answers);
      return undone.has(item.run)
        ? { ...item, rolledBack: true, version: `${item.version}-` }
        : item;
    });
}

function buildTurn(
  number: number,
  turn: StoredTurn | undefined,
  log: RunLog | undefined,
  said: readonly Stored[],
  open?: NonNullable<ChatView["answering"]>,
  answers?: ReadonlyMap<string, string>,
): TurnItem {
  const run = turn?.run ?? log?.started?.run ?? open?.run ?? "";
  const asked = said.find((each) => each.role === "user" && each.origin == null);
  const parts = partsOf(asked?.parts) ?? open?.parts ?? partsOf(firstMessage(log)?.parts) ?? [];
  const totals = log?.ended?.totals ?? turn?.totals;
  const state = log?.started ? log.state : (turn?.state ?? "running");
  return {
    kind: "turn",
    key: run,
    number,
    run,
    message: turn?.message ?? open?.message ?? answers?.get(run),
    text: asked?.content ?? open?.content ?? log?.started?.prompt ?? "",
    parts: parts.filter((part) => part.type !== "text"),
    by: turn?.by ?? open?.by ?? log?.started?.by ?? undefined,
    at: turn ? Date.parse(turn.started_at) / 1000 : log?.started?.at,
    state,
    log,
    stored: said,
    costMicros: totals ? totals.cost_micros : log?.costMicros,
    tokens: totals ? totals.usage.input + totals.usage.output : log?.tokens,
    error: log?.ended?.error ?? turn?.error ?? undefined,
    reason: log?.ended?.reason ?? turn?.reason ?? undefined,
    rolledBack: turn?.rolled_back ?? false,
    version: `${log?.events ?? "-"} ${said.length} ${state} ${turn?.rolled_back} ${open?.pending.length}`,
  };
}

export function partsOf(parts: Message["parts"] | undefined): UserPart[] | undefined {
  return parts?.filter(
    (part): part is UserPart =>
      "type" in part && (part.type === "text" || part.type === "image" || part.type === "file"),
  );
}

function firstMessage(log: RunLog | undefined): Message | undefined {
  const first = log?.steps.find((step): step is ModelStep => step.kind === "model");
  return first?.messages.findLast((each) => each.role === "user" && !each.origin && textOf(each));
}

/** What the conversation has used. */
export interface Usage {
  costMicros: number;
  /** Whether the price of each call is known. */
  priced: boolean;
  tokens: number;
  /** Tokens that the newest call read and wrote: what the next one begins with. */
  context: number | undefined;
  /** The model of that call. */
  model: string | undefined;
}

export function sumUsage(items: readonly Item[]): Usage {
  const usage: Usage = {
    costMicros: 0,
    priced: true,
    tokens: 0,
    context: undefined,
    model: undefined,
  };
  for (const item of items) {
    if (item.kind !== "turn" || item.chat) continue;
    if (item.costMicros == null && item.tokens) usage.priced = false;
    usage.costMicros += item.costMicros ?? 0;
    usage.tokens += item.tokens ?? 0;
    const call = item.log?.steps.findLast(
      (step): step is ModelStep => step.kind === "model" && step.usage !== undefined,
    );
    if (!call?.usage) continue;
    usage.context = call.usage.input + call.usage.output;
    usage.model = call.model;
  }
  return usage;
}
