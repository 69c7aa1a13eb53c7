import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "@/api/client";
import { Secret } from "@/parts/desk/copy_button";
import { ProblemCard } from "@/parts/problem_card";
import type { Role } from "@/parts/ranks";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/field";
import { LIFETIMES, rolesUpTo } from "./token_rules";

const DAY = 86_400;

/** Creates an API token, and shows it once. */
export function NewToken(props: { role: Role; user?: string; onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState(90);
  const creating = useMutation({
    mutationFn: () =>
      call(
        api.POST("/api/v1/tokens", {
          body: {
            name: name.trim(),
            role,
            ...(props.user ? { user: props.user } : {}),
            ...(days > 0 ? { expires_in: days * DAY } : {}),
          },
        }),
      ),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["tokens"] }),
  });
  const made = creating.data;
  const [asks, setAsks] = useState(false);
  const [copied, setCopied] = useState(false);
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (open) return;
        // What is shown once must not be lost by a key pressed in haste.
        if (made && !copied && !asks) setAsks(true);
        else if (!creating.isPending) props.onClose();
      }}
      title={made ? "Your new token" : props.user ? `New token of ${props.user}` : "New API token"}
    >
      {made ? (
        <div className="flex flex-col gap-4">
          <Secret
            label="Copy it now: it is not shown again."
            text={made.secret}
            onCopied={() => setCopied(true)}
          />
          {asks && !copied ? (
            <div role="alert" className="flex flex-wrap items-center justify-end gap-2">
              <p className="mr-auto text-sm">The token was not copied. Close anyway?</p>
              <Button tone="danger" onClick={props.onClose}>
                Close without it
              </Button>
              <Button tone="primary" autoFocus onClick={() => setAsks(false)}>
                Keep it open
              </Button>
            </div>
          ) : (
            <Button tone="primary" className="self-end" onClick={props.onClose}>
              Done
            </Button>
          )}
        </div>
      ) : (
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            creating.mutate();
          }}
        >
          <Field label="What it is for">
            {(ids) => (
              <Input
                {...ids}
                autoFocus
                maxLength={100}
                placeholder="nightly report"
                value={name}
                onChange={({ target }) => setName(target.value)}
              />
            )}
          </Field>
          <div className="grid grid-cols-2 gap-3">
            <Field label="Role">
              {(ids) => (
                <Select
                  {...ids}
                  value={role}
                  onChange={({ target }) => setRole(target.value as Role)}
                >
                  {rolesUpTo(props.role).map((each) => (
                    <option key={each}>{each}</option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label="Expires">
              {(ids) => (
                <Select
                  {...ids}
                  value={days}
                  onChange={({ target }) => setDays(Number(target.value))}
                >
                  {LIFETIMES.map((each) => (
                    <option key={each.days} value={each.days}>
                      {each.title}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          </div>
          {creating.error && <ProblemCard error={creating.error} />}
          <div className="flex justify-end gap-2">
            <Button onClick={props.onClose}>Cancel</Button>
            <Button type="submit" tone="primary" disabled={creating.isPending}>
              Create
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
