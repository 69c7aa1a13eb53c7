/** How each kind of step looks in a line: icon, name, summary. */
import {
  Ban,
  Bot,
  CircleCheck,
  CirclePause,
  CircleSlash,
  CircleX,
  CornerUpLeft,
  Hand,
  Hourglass,
  Lightbulb,
  LoaderCircle,
  type LucideIcon,
  MessageSquare,
  Play,
  Split,
  Undo2,
  Wallet,
  Wrench,
} from "lucide-react";
import { attemptsOf, isWaiting, type NoteEvent, type PromptStep, type Step } from "@/events/steps";
import { nameOf } from "@/parts/by";
import { summarize } from "./summary";

interface Look {
  Icon: LucideIcon;
  tone: string;
  title: string;
  /** Names of tools are code. */
  code?: true;
  summary: string;
}

export function lookOf(step: Step): Look {
  switch (step.kind) {
    case "prompt":
      return {
        Icon: MessageSquare,
        tone: "text-ink",
        title: "Prompt",
        summary: originOf(step.event),
      };
    case "model":
      return { ...modelLook(step.state), title: step.model, summary: `turn ${step.turn}` };
    case "tool":
      return {
        ...toolLook(step.state),
        title: step.name,
        code: true,
        summary: summarize(step.arguments),
      };
    case "decision":
      return {
        Icon: isWaiting(step) ? Hourglass : Hand,
        tone: isWaiting(step) ? "text-warn" : "text-ink",
        title: step.decision.asked.need === "budget" ? "Budget" : "Transcript store",
        summary: step.decision.asked.question,
      };
    case "pause":
      return { Icon: CirclePause, tone: "text-muted", title: "Paused", summary: "" };
    case "end":
      return {
        ...endLook(step.event.state),
        title: `Run ${step.event.state}`,
        summary: step.errorTold ? "by the error above" : step.told ? "with the reply above" : "",
      };
    case "note":
      return noteLook(step.event);
  }
}

function originOf({ parent, whatif }: PromptStep["event"]): string {
  if (!parent) return "";
  return `${whatif ? "what-if fork" : "fork"} of ${parent.run}, after turn ${parent.turn}`;
}

function modelLook(state: string): { Icon: LucideIcon; tone: string } {
  if (state === "running") return { Icon: Bot, tone: "text-info" };
  if (state === "failed") return { Icon: CircleX, tone: "text-bad" };
  return { Icon: Bot, tone: state === "cancelled" ? "text-muted" : "text-ink" };
}

const TOOLS: Record<string, { Icon: LucideIcon; tone: string }> = {
  requested: { Icon: Wrench, tone: "text-muted" },
  running: { Icon: LoaderCircle, tone: "text-info" },
  waiting: { Icon: Hourglass, tone: "text-warn" },
  done: { Icon: Wrench, tone: "text-good" },
  failed: { Icon: CircleX, tone: "text-bad" },
  unrun: { Icon: Ban, tone: "text-muted" },
};

function toolLook(state: string): { Icon: LucideIcon; tone: string } {
  return TOOLS[state] ?? { Icon: Wrench, tone: "text-ink" };
}

function endLook(state: string): { Icon: LucideIcon; tone: string } {
  if (state === "completed") return { Icon: CircleCheck, tone: "text-good" };
  if (state === "failed") return { Icon: CircleX, tone: "text-bad" };
  return { Icon: CircleSlash, tone: "text-muted" };
}

function noteLook(event: NoteEvent): Look {
  const by = "by" in event && event.by ? `by ${nameOf(event.by)}` : "";
  switch (event.type) {
    case "hint_received":
      return { Icon: Lightbulb, tone: "text-info", title: "Hint", summary: by };
    case "pause_requested":
      return { Icon: CirclePause, tone: "text-muted", title: "Pause requested", summary: by };
    case "resume_requested":
      return { Icon: Play, tone: "text-info", title: "Resumed", summary: by };
    case "abort_requested":
      return { Icon: CircleSlash, tone: "text-bad", title: "Abort requested", summary: by };
    case "signal_refused":
      return { Icon: Ban, tone: "text-bad", title: "Signal refused", summary: event.signal };
    case "budget_reached":
      return { Icon: Wallet, tone: "text-warn", title: "Budget reached", summary: event.budget };
    case "context_compacted":
      return {
        Icon: CornerUpLeft,
        tone: "text-muted",
        title: "Conversation summarized",
        summary: `${event.before} to ${event.after} tokens`,
      };
    case "compaction_failed":
      return {
        Icon: Ban,
        tone: "text-bad",
        title: "Summary failed",
        summary: event.error.message,
      };
    case "undo_started":
      return { Icon: Undo2, tone: "text-warn", title: "Undo started", summary: event.workflow };
    case "effects_undone":
      return {
        Icon: CornerUpLeft,
        tone: "text-ink",
        title: "Effects undone",
        summary: countOf(event.undone.count),
      };
    case "branched":
      return { Icon: Split, tone: "text-warn", title: "Reset", summary: event.reason };
  }
}

function countOf(effects: number): string {
  return `${effects} ${effects === 1 ? "effect" : "effects"}`;
}

/** Words that stand beside the name: what was unusual. */
export function marksOf(step: Step): { text: string; tone: "bad" | "warn" | "plain" }[] {
  const marks: ReturnType<typeof marksOf> = [];
  if (step.left) marks.push({ text: "dropped by a reset", tone: "plain" });
  const attempts = attemptsOf(step);
  if (attempts > 1) marks.push({ text: `${attempts} attempts`, tone: "warn" });
  if (step.kind === "model") {
    if (step.call > 0) marks.push({ text: "repeated call", tone: "plain" });
    if (step.state === "interrupted") marks.push({ text: "interrupted", tone: "warn" });
    if (step.state === "cancelled") marks.push({ text: "cancelled", tone: "plain" });
    if (step.state === "failed") marks.push({ text: "failed", tone: "bad" });
    if (step.reply?.truncated) marks.push({ text: "cut off at the output limit", tone: "warn" });
    if (step.reply?.recovered) marks.push({ text: "recovered", tone: "plain" });
    if (step.reply?.fallbacks?.length) marks.push({ text: "fallback", tone: "warn" });
  }
  if (step.kind === "tool") {
    if (step.state !== "done") marks.push({ text: wordFor(step.state), tone: toneFor(step.state) });
    if (step.edited) marks.push({ text: "edited", tone: "plain" });
    if (step.result?.played) marks.push({ text: "played back", tone: "plain" });
    const verdict = step.result?.decided?.verdict;
    if (verdict) marks.push({ text: VERDICTS[verdict] ?? verdict, tone: "plain" });
  }
  return marks;
}

const VERDICTS: Record<string, string> = {
  approve: "approved",
  edit: "approved with changes",
  deny: "denied",
  answer: "answered",
};

function wordFor(state: string): string {
  return state === "unrun" ? "not run" : state;
}

function toneFor(state: string): "bad" | "warn" | "plain" {
  if (state === "failed") return "bad";
  return state === "waiting" ? "warn" : "plain";
}
