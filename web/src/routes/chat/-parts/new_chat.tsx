import { useQuery } from "@tanstack/react-query";
import { Sparkles } from "lucide-react";
import { useRef, useState } from "react";
import { agentsQuery, modelsQuery } from "@/api/queries";
import { CHAT_AGENT } from "@/parts/chat_keys";
import { Composer } from "@/parts/composer/composer";
import { EmptyState } from "@/parts/empty_state";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { useAskedFocus } from "../-data/compose_focus";
import { useDraft } from "../-data/drafts";
import { newId } from "../-data/outbox";
import { titleOf } from "../-data/text";
import { outboxOf } from "../-data/use_outbox";
import { withAbout } from "../-data/with_about";
import { ConnectionNote } from "./connection_note";

/** Begins a conversation: its first message creates it. */
export function NewChat(props: {
  user: string;
  onOpen: (chat: string) => void;
  about?: string | undefined;
}) {
  const { user } = props;
  const may = useMay("operator");
  const field = useRef<HTMLDivElement>(null);
  useAskedFocus(field);
  const agents = useQuery(agentsQuery);
  const models = useQuery(modelsQuery);
  const [draft, setDraft] = useDraft(user, "");
  const [chosen, setChosen] = useState(() => localStorage.getItem(CHAT_AGENT) ?? "");
  const [model, setModel] = useState("");
  const [about, setAbout] = useState<string>();
  const names = (agents.data ?? []).map((each) => each.name);
  const agent = names.includes(chosen) ? chosen : (names[0] ?? chosen);
  const send = () => {
    const chat = newId("chat");
    localStorage.setItem(CHAT_AGENT, agent);
    outboxOf(user).add({
      id: newId("message"),
      chat,
      user,
      at: Date.now(),
      text: withAbout(about, draft.text),
      files: draft.files,
      create: { agent, title: titleOf(draft.text), ...(model ? { model } : {}) },
    });
    setDraft({ text: "", files: [] });
    props.onOpen(chat);
  };
  if (agents.data?.length === 0) {
    return (
      <EmptyState title="No agent is published">
        Serve one: <code className="font-mono">harness serve agents.py</code> or{" "}
        <code className="font-mono">harness worker agents.py</code>.
      </EmptyState>
    );
  }
  return (
    <div className="mx-auto flex h-full w-full max-w-[46rem] flex-col justify-end gap-5 overflow-y-auto px-3 pb-3 sm:justify-center sm:px-6 sm:pb-24">
      <div className="flex flex-col items-center gap-3 text-center max-sm:my-auto">
        <span className="rounded-2xl border border-line bg-surface p-3 shadow-card">
          <Sparkles aria-hidden className="size-5 text-secondary" />
        </span>
        <h2 className="text-2xl tracking-[-0.04em]">What shall we look at?</h2>
      </div>
      {agents.error && <ProblemCard error={agents.error} retry={() => void agents.refetch()} />}
      <div ref={field}>
        <ConnectionNote served={undefined} agent={agent} />
        {may ? (
          <Composer
            draft={draft}
            onDraft={setDraft}
            onSend={send}
            answering={false}
            policy="queue"
            onStop={() => {}}
            stopping={false}
            onEditLast={() => {}}
            placeholder="Ask anything; / for templates"
            about={about}
            onRemoveAbout={() => setAbout(undefined)}
            aboutOffer={props.about}
            onAbout={() => setAbout(props.about)}
            autoFocus
          >
            <Choice label="Agent" value={agent} onChange={setChosen} options={names} />
            <Choice
              label="Model"
              value={model}
              onChange={setModel}
              empty="the agent's model"
              options={(models.data ?? []).filter((each) => each.ready).map((each) => each.model)}
            />
          </Composer>
        ) : (
          <p className="text-center text-muted">Writing needs the role operator.</p>
        )}
      </div>
    </div>
  );
}

function Choice(props: {
  label: string;
  value: string;
  options: readonly string[];
  empty?: string;
  onChange: (value: string) => void;
}) {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
      className="h-8 min-w-0 max-w-36 truncate rounded-md bg-transparent px-1.5 text-muted text-xs hover:bg-sunken hover:text-ink dark:hover:bg-surface [&>option]:bg-raised [&>option]:text-ink"
    >
      {props.empty !== undefined && <option value="">{props.empty}</option>}
      {props.options.map((each) => (
        <option key={each}>{each}</option>
      ))}
    </select>
  );
}
