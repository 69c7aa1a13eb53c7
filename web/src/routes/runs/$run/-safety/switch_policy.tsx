import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "@/api/client";
import { type Policy, writeToml } from "@/parts/policy/rules";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Field, TextArea } from "@/ui/field";
import { notify } from "@/ui/notify";
import { Sheet } from "@/ui/sheet";

/** Lets other rules hold for a run, from its next tool call on. */
export function SwitchPolicy(props: { run: string; policy: Policy; onClose: () => void }) {
  const { run, onClose } = props;
  const queries = useQueryClient();
  const [start] = useState(() => writeToml(props.policy));
  const [text, setText] = useState(start ?? "");
  const switching = useMutation({
    mutationFn: () =>
      call(
        api.PUT("/api/v1/runs/{run}/policy", {
          params: { path: { run } },
          body: text.trim() === "" ? {} : { policy: text },
        }),
      ),
    onSuccess: () => {
      notify("The policy holds from the next tool call on.");
      void queries.invalidateQueries({ queryKey: ["run", run, "policy"] });
      onClose();
    },
  });
  const none = text.trim() === "";
  const ready = !switching.isPending && text !== start;
  const send = () => ready && switching.mutate();
  return (
    <Sheet
      title="Switch the policy"
      description="For this run alone, from its next tool call on. Calls that wait for a person now stay as they are."
      onClose={onClose}
      onSend={send}
      footer={
        <>
          <Button tone="primary" disabled={!ready} onClick={send}>
            {none ? "Let no rule hold" : "Switch"}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </>
      }
    >
      <Field
        label="Rules"
        hint={
          start === undefined
            ? "In TOML. The present rules compare with null, so they cannot be written here."
            : "In TOML, as in a policy file. Empty: no rule holds any more."
        }
      >
        {(ids) => (
          <TextArea
            {...ids}
            rows={18}
            spellCheck={false}
            className="font-mono text-xs leading-relaxed"
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        )}
      </Field>
      {switching.error && <ProblemCard className="mt-3" error={switching.error} />}
    </Sheet>
  );
}
