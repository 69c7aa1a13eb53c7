import { Check, ChevronDown, CornerDownRight, ListEnd, Undo2, Zap } from "lucide-react";
import type { Schemas } from "@/api/client";
import { Button } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";

export type Policy = Schemas["ConversationSummary"]["policy"];

const CHOICES = {
  queue: { title: "Queue", what: "It is answered after this answer.", Icon: ListEnd },
  hint: {
    title: "Hint",
    what: "The agent reads it with its next model call.",
    Icon: CornerDownRight,
  },
  interrupt: {
    title: "Interrupt",
    what: "The same, and the model call in progress is cut short.",
    Icon: Zap,
  },
  rollback: {
    title: "Replace",
    what: "This answer is stopped and its effects are undone.",
    Icon: Undo2,
  },
} as const;

const ORDER = ["queue", "hint", "interrupt", "rollback"] as const;

/** What sending does while an answer is in progress. */
export function sayPolicy(policy: Policy): string {
  return policy === "reject" ? "Send" : `${CHOICES[policy].title} the message`;
}

/** Chooses what a message does while an answer is in progress. */
export function PolicyChoice(props: {
  policy: Policy;
  withFiles: boolean;
  onChoose: (policy: Policy) => void;
}) {
  const shown = props.policy === "reject" ? null : CHOICES[props.policy];
  return (
    <Menu
      trigger={
        <Button size="sm" tone="quiet" aria-label={`While it answers: ${shown?.title ?? "refuse"}`}>
          {shown ? <shown.Icon aria-hidden /> : null}
          {shown?.title ?? "Refused"}
          <ChevronDown aria-hidden />
        </Button>
      }
    >
      {ORDER.map((policy) => {
        const { title, what, Icon } = CHOICES[policy];
        const barred = props.withFiles && (policy === "hint" || policy === "interrupt");
        return (
          <MenuItem key={policy} disabled={barred} onSelect={() => props.onChoose(policy)}>
            <Icon aria-hidden className="mt-0.5 self-start" />
            <span className="w-60">
              <span className="block font-medium">{title}</span>
              <span className="block text-muted text-xs">
                {barred ? "Files cannot be sent as a hint." : what}
              </span>
            </span>
            {policy === props.policy && <Check aria-label="chosen" className="ml-auto" />}
          </MenuItem>
        );
      })}
    </Menu>
  );
}
