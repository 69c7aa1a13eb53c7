import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { Ago } from "@/parts/ago";
import { Chip } from "@/parts/desk/badge";
import { Confirm } from "@/parts/desk/confirm";
import { Loaded } from "@/parts/desk/loaded";
import { Rows, Section } from "@/parts/desk/section";
import { EmptyState } from "@/parts/empty_state";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";

type Remembered = Schemas["RememberedApproval"];

/** Approvals that allow later calls too. */
export default function RememberedTab() {
  const remembered = useQuery({
    queryKey: ["policy", "remembered"],
    queryFn: async () => (await call(api.GET("/api/v1/policy/remembered"))).remembered,
    refetchInterval: 10_000,
  });
  return (
    <Loaded query={remembered} rows={4} className="m-0">
      {(list) =>
        list.length === 0 ? (
          <EmptyState title="No approval is remembered">
            Where a rule says remember = true, an approval can hold for later calls of the session.
            They are listed here, to be revoked.
          </EmptyState>
        ) : (
          <Section title="Remembered approvals" lead="Calls that fit them do not ask again.">
            <Rows label="Remembered approvals">
              {list.map((each) => (
                <RememberedRow key={each.id} approval={each} />
              ))}
            </Rows>
          </Section>
        )
      }
    </Loaded>
  );
}

function RememberedRow({ approval }: { approval: Remembered }) {
  const may = useMay("operator");
  const queries = useQueryClient();
  const [revoking, setRevoking] = useState(false);
  const revoke = async () => {
    const params = { path: { remembered: approval.id } };
    await call(api.DELETE("/api/v1/policy/remembered/{remembered}", { params }));
    void queries.invalidateQueries({ queryKey: ["policy", "remembered"] });
  };
  const which =
    approval.arguments.length === 0
      ? "every call"
      : `calls with the same ${approval.arguments.join(", ")}`;
  return (
    <li className="flex items-start gap-4 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span className="min-w-0 break-all font-medium font-mono text-xs">{approval.tool}</span>
          <span className="min-w-0 break-words">{which}</span>
          <Chip>{approval.session ? `session ${approval.session}` : "only its run"}</Chip>
        </p>
        <p className="mt-0.5 flex flex-wrap gap-x-3 text-muted text-xs">
          <span>
            Approved by {approval.by ?? "somebody"}, <Ago at={approval.at} />
          </span>
          <span className="break-words">asked by the rule {approval.rule}</span>
          <Link
            to="/runs/$run"
            params={{ run: approval.run }}
            className="min-w-0 truncate underline"
          >
            {approval.run}
          </Link>
        </p>
      </div>
      {may && (
        <Button
          size="icon"
          tone="quiet"
          title="Revoke"
          aria-label={`Revoke the approval of ${approval.tool}`}
          onClick={() => setRevoking(true)}
        >
          <Trash2 aria-hidden />
        </Button>
      )}
      {revoking && (
        <Confirm
          title="Revoke this approval?"
          action="Revoke"
          act={revoke}
          onClose={() => setRevoking(false)}
        >
          The next such call of {approval.tool} asks again.
        </Confirm>
      )}
    </li>
  );
}
