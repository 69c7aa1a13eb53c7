import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "@/api/client";
import { agentsQuery } from "@/api/queries";
import { Secret } from "@/parts/desk/copy_button";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";

/** The events that webhooks are usually for; the API takes every kind. */
const EVENTS = [
  { id: "run_ended", title: "A run ended" },
  { id: "decision_requested", title: "A run waits for a person" },
  { id: "budget_reached", title: "A budget is used up" },
  { id: "run_started", title: "A run started" },
  { id: "decision_made", title: "Somebody decided" },
  { id: "tool_call_finished", title: "A tool call finished" },
] as const;

/** Adds a webhook, and shows its secret once. */
export function NewWebhook(props: { onClose: () => void }) {
  const queries = useQueryClient();
  const admin = useMay("admin");
  const agents = useQuery(agentsQuery);
  const [url, setUrl] = useState("");
  const [agent, setAgent] = useState("");
  const [everyone, setEveryone] = useState(false);
  const [events, setEvents] = useState<readonly string[]>([
    "run_ended",
    "decision_requested",
    "budget_reached",
  ]);
  const adding = useMutation({
    mutationFn: () =>
      call(
        api.POST("/api/v1/webhooks", {
          body: {
            url: url.trim(),
            events: [...events],
            everyone,
            ...(agent ? { agent } : {}),
          },
        }),
      ),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  const toggle = (id: string) =>
    setEvents((now) => (now.includes(id) ? now.filter((each) => each !== id) : [...now, id]));
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && props.onClose()}
      title={adding.data ? "Your new webhook" : "Add a webhook"}
    >
      {adding.data ? (
        <div className="flex flex-col gap-4">
          <Secret
            label="The secret that signs its messages. Copy it now: it is not shown again."
            text={adding.data.secret}
          />
          <Button tone="primary" className="self-end" onClick={props.onClose}>
            Done
          </Button>
        </div>
      ) : (
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            adding.mutate();
          }}
        >
          <Field label="Address" hint="https, at a public address.">
            {(ids) => (
              <Input
                {...ids}
                autoFocus
                type="url"
                placeholder="https://example.org/hook"
                value={url}
                onChange={({ target }) => setUrl(target.value)}
              />
            )}
          </Field>
          <fieldset className="grid gap-1.5 sm:grid-cols-2">
            <legend className="mb-1 font-medium text-xs">Notify it when</legend>
            {EVENTS.map((each) => (
              <label key={each.id} className="flex items-center gap-2">
                <input
                  type="checkbox"
                  className="size-4 accent-current"
                  checked={events.includes(each.id)}
                  onChange={() => toggle(each.id)}
                />
                {each.title}
              </label>
            ))}
          </fieldset>
          <Field label="Runs of">
            {(ids) => (
              <Select {...ids} value={agent} onChange={({ target }) => setAgent(target.value)}>
                <option value="">all agents</option>
                {agents.data?.map((each) => (
                  <option key={each.name}>{each.name}</option>
                ))}
              </Select>
            )}
          </Field>
          {admin && (
            <label className="flex items-center gap-2">
              <input
                type="checkbox"
                className="size-4 accent-current"
                checked={everyone}
                onChange={() => setEveryone(!everyone)}
              />
              The runs of all users, not only mine
            </label>
          )}
          {adding.error && <ProblemCard error={adding.error} />}
          <div className="flex justify-end gap-2">
            <Button onClick={props.onClose}>Cancel</Button>
            <Button
              type="submit"
              tone="primary"
              disabled={!url.trim() || events.length === 0 || adding.isPending}
            >
              Add
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
