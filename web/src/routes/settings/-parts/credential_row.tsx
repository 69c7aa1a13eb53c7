import { useQueryClient } from "@tanstack/react-query";
import { Globe, KeyRound } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { Ago } from "@/parts/ago";
import { Confirm } from "@/parts/desk/confirm";
import { useClock } from "@/parts/time_zone";
import { Button } from "@/ui/button";
import type { Credential } from "./token_rules";

/** A token or a browser session, and its end. */
export function CredentialRow(props: { credential: Credential; current?: boolean }) {
  const { credential } = props;
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const isToken = credential.kind === "token";
  const Icon = isToken ? KeyRound : Globe;
  const name =
    credential.name || (isToken ? "Unnamed token" : props.current ? "This browser" : "Browser");
  const { formatTime } = useClock();
  const end = async () => {
    await call(
      api.DELETE("/api/v1/tokens/{token}", { params: { path: { token: credential.id } } }),
    );
    void queries.invalidateQueries({ queryKey: ["tokens"] });
  };
  return (
    <li className="flex items-start gap-3 px-4 py-2.5">
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="min-w-0 truncate font-medium">{name}</span>
          <span className="text-muted text-xs">{credential.role}</span>
          <span className="font-mono text-muted text-xs">{credential.id}</span>
        </p>
        <p className="flex flex-wrap gap-x-3 text-muted text-xs">
          <span>
            created <Ago at={credential.created} />
          </span>
          <span>
            {credential.last_used ? (
              <>
                used <Ago at={credential.last_used} />
              </>
            ) : (
              "never used"
            )}
          </span>
          <span>
            {credential.expires ? `expires ${formatTime(credential.expires)}` : "does not expire"}
          </span>
        </p>
      </div>
      <Button
        size="sm"
        aria-label={`Revoke ${name} ${credential.id}`}
        onClick={() => setAsking(true)}
      >
        Revoke
      </Button>
      {asking && (
        <Confirm
          title={isToken ? `Revoke ${name}?` : "End this browser session?"}
          action={isToken ? "Revoke" : "End it"}
          act={end}
          onClose={() => setAsking(false)}
        >
          {isToken
            ? "Programs that use it are refused at once, and their streams end."
            : "The browser is signed out at once. If it is this one, you are."}
        </Confirm>
      )}
    </li>
  );
}
