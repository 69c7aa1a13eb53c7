import { Check, CircleHelp, Hand, X } from "lucide-react";
import { Badge } from "@/parts/desk/badge";

const LOOKS = {
  allow: { icon: Check, tone: "good", word: "allow" },
  deny: { icon: X, tone: "bad", word: "deny" },
  ask: { icon: Hand, tone: "warn", word: "ask" },
  default: { icon: CircleHelp, tone: "quiet", word: "as the tool says" },
  function: { icon: CircleHelp, tone: "quiet", word: "the function decides" },
} as const;

/** What a rule or a policy says about a call. */
export function DecisionBadge(props: { decision: keyof typeof LOOKS; className?: string }) {
  const { word, ...look } = LOOKS[props.decision];
  return (
    <Badge {...look} {...(props.className ? { className: props.className } : {})}>
      {word}
    </Badge>
  );
}
