import { Rows } from "@/parts/desk/section";
import { DecisionBadge } from "./decision_badge";
import { type Policy, readRule } from "./rules";

/** The rules of a policy, in the order in which they are compared. */
export function RuleList({ policy }: { policy: Policy }) {
  return (
    <>
      <Rows label="Rules">
        {policy.rules.map((data, place) => {
          const rule = readRule(data);
          return (
            <li key={rule.name || place} className="flex items-start gap-3 px-4 py-3">
              <span aria-hidden className="w-5 shrink-0 text-right text-muted text-xs leading-5">
                {place + 1}
              </span>
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-center gap-x-3">
                  <span className="min-w-0 break-words font-medium">{rule.name}</span>
                  <DecisionBadge decision={rule.decision} />
                </p>
                {rule.about.length > 0 ? (
                  <dl className="mt-1 flex flex-wrap gap-x-4 gap-y-0.5 text-xs">
                    {rule.about.map(({ what, value }) => (
                      <div key={what} className="flex min-w-0 gap-1.5">
                        <dt className="shrink-0 text-muted">{what}</dt>
                        <dd className="min-w-0 break-words font-mono">{value}</dd>
                      </div>
                    ))}
                  </dl>
                ) : (
                  <p className="mt-1 text-muted text-xs">every call</p>
                )}
                {rule.does.length > 0 && (
                  <p className="mt-1 break-words text-muted text-xs first-letter:uppercase">
                    {rule.does.join("; ")}.
                  </p>
                )}
                {rule.reason && (
                  <p className="mt-1 break-words border-line border-l-2 pl-2 text-muted text-xs">
                    {rule.reason}
                  </p>
                )}
              </div>
            </li>
          );
        })}
      </Rows>
      <p className="border-t px-4 py-2.5 text-muted text-xs">
        {policy.function && (
          <>
            If no rule fits, <code className="break-all font-mono">{policy.function}</code> decides.{" "}
          </>
        )}
        Otherwise the tool's own approval applies.
        {policy.digest && <span title={policy.digest}> Version {policy.digest.slice(0, 12)}.</span>}
      </p>
    </>
  );
}
