import { useNavigate } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { WaitingItem } from "@/shell/waiting_item";
import { Button } from "@/ui/button";
import { Select } from "@/ui/field";
import type { InboxSearch } from "../-search";

/** Which requests are listed, and how they are grouped: both are kept in the address. */
export function InboxFilters(props: { search: InboxSearch; waiting: readonly WaitingItem[] }) {
  const { search, waiting } = props;
  const navigate = useNavigate();
  const change = (name: "agent" | "run" | "by", value: string) =>
    void navigate({
      to: "/inbox",
      search: (before: InboxSearch) => {
        const { [name]: _, ...rest } = before;
        return value ? { ...rest, [name]: value } : rest;
      },
      replace: true,
    });
  const counts = Map.groupBy(waiting, (item) => item.agent);
  const agents = new Set([...counts.keys(), ...(search.agent ? [search.agent] : [])]);
  return (
    <>
      {search.run && (
        <Button size="sm" aria-label="Show all runs" onClick={() => change("run", "")}>
          <span className="max-w-40 truncate">run {search.run}</span> <X aria-hidden />
        </Button>
      )}
      {(agents.size > 1 || search.agent) && (
        <Select
          aria-label="Agent"
          className="h-8 w-auto max-w-44 text-xs"
          value={search.agent ?? ""}
          onChange={({ target }) => change("agent", target.value)}
        >
          <option value="">All agents</option>
          {[...agents].sort().map((agent) => (
            <option key={agent} value={agent}>
              {agent} ({counts.get(agent)?.length ?? 0})
            </option>
          ))}
        </Select>
      )}
      {waiting.length > 1 && (
        <Select
          aria-label="Group by"
          className="h-8 w-auto text-xs"
          value={search.by ?? ""}
          onChange={({ target }) => change("by", target.value)}
        >
          <option value="">Oldest first</option>
          <option value="run">By run</option>
          <option value="agent">By agent</option>
        </Select>
      )}
    </>
  );
}
