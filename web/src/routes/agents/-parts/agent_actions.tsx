import { useNavigate } from "@tanstack/react-router";
import { MessageSquarePlus, Play } from "lucide-react";
import { CHAT_AGENT } from "@/parts/chat_keys";
import { useCommands } from "@/parts/commands";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import type { AgentView } from "../-agents";

function useAgentActs() {
  const navigate = useNavigate();
  return {
    start: (agent: string) => void navigate({ to: "/runs", search: { start: agent } }),
    chat: (agent: string) => {
      localStorage.setItem(CHAT_AGENT, agent);
      void navigate({ to: "/chat", search: { compose: true } });
    },
  };
}

/** What can be done with an agent. */
export function AgentActions(props: { agent: AgentView; primary?: boolean }) {
  const may = useMay("operator");
  const { start, chat } = useAgentActs();
  const { name } = props.agent;
  if (!may || props.agent.problem) return null;
  return (
    <div className="flex gap-2">
      <Button size="sm" aria-label={`Chat with ${name}`} onClick={() => chat(name)}>
        <MessageSquarePlus aria-hidden /> Chat
      </Button>
      <Button
        size="sm"
        tone={props.primary ? "primary" : "plain"}
        aria-label={`Start a run of ${name}`}
        onClick={() => start(name)}
      >
        <Play aria-hidden /> Run
      </Button>
    </div>
  );
}

/** Offers the same in the palette. */
export function useAgentCommands(agents: readonly AgentView[]): void {
  const may = useMay("operator");
  const { start, chat } = useAgentActs();
  const usable = may ? agents.filter((agent) => !agent.problem).slice(0, 50) : [];
  useCommands(
    usable.flatMap(({ name }) => [
      {
        id: `agent.run.${name}`,
        title: `Start a run of ${name}`,
        group: "Agents",
        icon: Play,
        run: () => start(name),
      },
      {
        id: `agent.chat.${name}`,
        title: `Chat with ${name}`,
        group: "Agents",
        icon: MessageSquarePlus,
        run: () => chat(name),
      },
    ]),
  );
}
