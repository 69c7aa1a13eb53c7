import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "@/api/client";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, TextArea } from "@/ui/field";
import { NAME, STARTER } from "../-prompts";

/** Saves the first version of a template. */
export function NewPrompt(props: { onClose: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [text, setText] = useState(STARTER);
  const saving = useMutation({
    mutationFn: () =>
      call(
        api.PUT("/api/v1/prompts/{prompt}", {
          params: { path: { prompt: name.trim() } },
          body: { text },
        }),
      ),
    onSuccess: (saved) => {
      void queries.invalidateQueries({ queryKey: ["prompt-list"] });
      void queries.invalidateQueries({ queryKey: ["prompts"] });
      void navigate({ to: "/prompts/$prompt", params: { prompt: saved.name } });
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && props.onClose()}
      title="New prompt template"
      description="If the name is taken, the text becomes its next version."
      className="max-w-2xl"
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          saving.mutate();
        }}
      >
        <Field label="Name">
          {(ids) => (
            <Input
              {...ids}
              autoFocus
              placeholder="refund"
              value={name}
              onChange={({ target }) => setName(target.value)}
            />
          )}
        </Field>
        <Field label="Text" hint="Variables are declared between +++ and used as {{ name }}.">
          {(ids) => (
            <TextArea
              {...ids}
              rows={12}
              spellCheck={false}
              className="font-mono text-xs"
              value={text}
              onChange={({ target }) => setText(target.value)}
            />
          )}
        </Field>
        {saving.error && <ProblemCard error={saving.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button
            type="submit"
            tone="primary"
            disabled={!NAME.test(name.trim()) || !text.trim() || saving.isPending}
          >
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
