import { Check, Minus } from "lucide-react";
import type { Schemas } from "@/api/client";
import { DecisionBadge } from "@/parts/policy/decision_badge";

/** Which rule decides about a call, and why those before it do not. */
export function ExplanationView({ explanation }: { explanation: Schemas["Explanation"] }) {
  const { decision, rule, whom, reason, compared } = explanation;
  return (
    <div role="status">
      <div className="px-4 py-3">
        <p className="flex flex-wrap items-center gap-x-3">
          <DecisionBadge decision={decision} />
          {rule && <span className="min-w-0 break-words">by the rule “{rule}”</span>}
        </p>
        <p className="mt-1 break-words text-muted text-xs">
          {decision === "default" && "No rule fits. "}
          {whom && `Asks ${whom}. `}
          The tool counts as {explanation.effect}.
        </p>
        {reason && (
          <p className="mt-1.5 break-words border-line border-l-2 pl-2 text-xs">{reason}</p>
        )}
      </div>
      {compared.length > 0 && (
        <ol aria-label="Rules compared" className="divide-y divide-line-soft border-t">
          {compared.map((each) => (
            <li key={each.rule} className="flex items-start gap-2.5 px-4 py-2.5">
              {each.fits ? (
                <Check aria-label="fits" className="mt-0.5 size-4 shrink-0 text-good" />
              ) : (
                <Minus aria-label="does not fit" className="mt-0.5 size-4 shrink-0 text-muted" />
              )}
              <span className="min-w-0 flex-1">
                <span className="break-words">{each.rule}</span>
                {each.why && (
                  <span className="block break-words text-muted text-xs">{each.why}</span>
                )}
              </span>
              <span className="shrink-0 text-muted text-xs leading-5">{each.decision}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
