import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { Input, Select } from "@/ui/field";
import { type ActivitySearch, type Kind, readSearch, SINCE } from "../-acts";
import { KINDS } from "./kind_words";

const OF_ADMINS: readonly Kind[] = [
  "user_added",
  "user_disabled",
  "signed_in",
  "session_ended",
  "token_created",
  "token_revoked",
  "forgotten",
  "content_deleted",
];
const WORDS = { "1h": "the last hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days" };

/** Which acts are listed; the address keeps it. */
export function ActivityFilters({ search }: { search: ActivitySearch }) {
  const navigate = useNavigate();
  const admin = useMay("admin");
  const users = useQuery({
    queryKey: ["users"],
    queryFn: async () => (await call(api.GET("/api/v1/users"))).users,
    enabled: admin,
    staleTime: 60_000,
  });
  const change = (changes: Record<string, string>) =>
    void navigate({
      to: "/activity",
      search: readSearch({ ...search, ...changes }),
      replace: true,
    });
  const kinds = (Object.keys(KINDS) as Kind[]).filter((each) => admin || !OF_ADMINS.includes(each));
  return (
    <>
      {admin && users.data && (users.data.length > 1 || search.user) && (
        <Select
          aria-label="Who"
          className="h-8 w-auto max-w-40 text-xs"
          value={search.user ?? ""}
          onChange={({ target }) => change({ user: target.value })}
        >
          <option value="">Everyone</option>
          {[
            ...new Set([
              ...users.data.map((each) => each.name),
              ...(search.user ? [search.user] : []),
            ]),
          ].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      )}
      <Select
        aria-label="What"
        className="h-8 w-auto max-w-40 text-xs"
        value={search.kind ?? ""}
        onChange={({ target }) => change({ kind: target.value })}
      >
        <option value="">Everything</option>
        {kinds.map((kind) => (
          <option key={kind} value={kind}>
            {KINDS[kind]}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Since"
        className="h-8 w-auto text-xs"
        value={search.since ?? ""}
        onChange={({ target }) => change({ since: target.value })}
      >
        <option value="">All time</option>
        {Object.keys(SINCE).map((since) => (
          <option key={since} value={since}>
            {WORDS[since as keyof typeof WORDS]}
          </option>
        ))}
      </Select>
      <RunFilter key={search.run ?? ""} run={search.run} onRun={(run) => change({ run })} />
    </>
  );
}

function RunFilter(props: { run: string | undefined; onRun: (run: string) => void }) {
  const [typed, setTyped] = useState("");
  if (props.run) {
    return (
      <Button size="sm" aria-label="Show all runs" onClick={() => props.onRun("")}>
        <span className="max-w-40 truncate">run {props.run}</span> <X aria-hidden />
      </Button>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.onRun(typed.trim());
      }}
    >
      <Input
        aria-label="Run"
        placeholder="Run id, then Enter"
        className="h-8 w-36 text-xs"
        value={typed}
        onChange={({ target }) => setTyped(target.value)}
      />
    </form>
  );
}
