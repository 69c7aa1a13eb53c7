/** What can be decided, in words: the same verdicts and order as everywhere else in harness. */
import type { Schemas } from "@/api/client";
import type { EventOf } from "@/events/steps";
import type { Json } from "./json_value";

export type Verdict = Schemas["DecideBody"]["verdict"];
export type Need = Schemas["Pending"]["need"];
export type DecisionMade = EventOf<"decision_made">;

/** What waits for a person, from the list of approvals or from a run's events. */
export interface Asked {
  id: string;
  need: Need;
  turn: number;
  question: string;
  /** Seconds since the epoch. */
  since: number;
  tool?: string | null | undefined;
  arguments?: Record<string, unknown> | string | null | undefined;
  effect?: "read" | "write" | "irreversible" | null | undefined;
  digest?: string | null | undefined;
  /** The rule of a policy that asks. */
  ruling?: Schemas["Ruling"] | null | undefined;
  /** When the time to decide passes, in seconds since the epoch. */
  until?: number | null | undefined;
}

interface Words {
  /** What kind of request it is. */
  title: string;
  /** What the person should know first. */
  lead: string;
  approve?: string;
  edit?: string;
  /** The button that sends an edit. */
  sendEdit?: string;
  answer?: string;
  sendAnswer?: string;
  answerLabel?: string;
  reject: string;
  rejectNote: string;
}

export const WORDS: Record<Need, Words> = {
  approval: {
    title: "Approval",
    lead: "",
    approve: "Approve",
    edit: "Edit",
    sendEdit: "Approve with changes",
    reject: "Reject",
    rejectNote: "Why? The model reads it.",
  },
  answer: {
    title: "Question",
    lead: "",
    answer: "Answer",
    sendAnswer: "Send the answer",
    answerLabel: "Your answer",
    reject: "Give no answer",
    rejectNote: "Why not? The model reads it.",
  },
  outcome: {
    title: "Unknown outcome",
    lead: "Check first whether this call happened. If it did and you call it again, it happens twice.",
    answer: "It happened",
    sendAnswer: "Record this result",
    answerLabel: "What was its result? The model reads it as the tool's result.",
    approve: "It did not: call again",
    edit: "Edit and call again",
    sendEdit: "Call again with changes",
    reject: "Leave unknown",
    rejectNote: "What is known? The model reads it.",
  },
  budget: {
    title: "Budget used up",
    lead: "",
    approve: "Grant as much again",
    edit: "Other amounts",
    sendEdit: "Grant these amounts",
    reject: "End the run",
    rejectNote: "Why? The history shows it.",
  },
  store: {
    title: "Database incomplete",
    lead: "An older copy of the database may have been put back. Restore the matching one first.",
    approve: "Check again",
    reject: "Let the run fail",
    rejectNote: "Why? The history shows it.",
  },
};

const DONE: Record<Verdict, string> = {
  approve: "approved this",
  edit: "approved this with changes",
  reject: "rejected this",
  answer: "answered",
};

const DONE_OTHERWISE: Partial<Record<Need, Partial<Record<Verdict, string>>>> = {
  answer: { reject: "gave no answer" },
  outcome: {
    approve: "had the call made again",
    edit: "had the call made again with changes",
    answer: "recorded that it happened",
    reject: "left the outcome unknown",
  },
  budget: { approve: "granted as much again", edit: "granted more", reject: "ended the run" },
  store: { approve: "had the database checked again", reject: "let the run fail" },
};

/** What somebody did with it, as the end of a sentence that begins with a name. */
export function describeDone(need: Need, verdict: Verdict): string {
  return DONE_OTHERWISE[need]?.[verdict] ?? DONE[verdict];
}

/** Who decided. The daemon adds the process through which it did; a person's name is enough here. */
export function personOf(made: DecisionMade): string {
  return made.by?.replace(/ \(sent by [^)]*\)$/, "") || "Somebody";
}

/** Whether a single key must not be enough: what it starts cannot be taken back. */
export function isGrave(asked: Asked): boolean {
  return asked.need === "outcome" || asked.effect === "irreversible";
}

/** The arguments as an object; null if there are none, or they are not an object. */
export function argumentsOf(asked: Asked): { readonly [key: string]: Json } | null {
  const { arguments: given } = asked;
  return typeof given === "object" && given !== null ? (given as Record<string, Json>) : null;
}
