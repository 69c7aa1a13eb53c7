import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "@/api/client";
import { DiffView } from "@/parts/diff_view";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Field, TextArea } from "@/ui/field";
import { notify } from "@/ui/notify";
import type { VersionView } from "../-prompts";

/** Changes the text; saving it makes the next version. */
export function EditTab(props: { version: VersionView; onSaved: () => void }) {
  const { version, onSaved } = props;
  const queries = useQueryClient();
  const [text, setText] = useState(version.text);
  const saving = useMutation({
    mutationFn: () =>
      call(
        api.PUT("/api/v1/prompts/{prompt}", {
          params: { path: { prompt: version.name } },
          body: { text },
        }),
      ),
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: ["prompt"] });
      void queries.invalidateQueries({ queryKey: ["prompt-list"] });
      notify(
        saved.added
          ? `Saved as version ${saved.version}.`
          : `That is the text of version ${saved.version} already.`,
      );
      onSaved();
    },
  });
  const changed = text !== version.text;
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (changed) saving.mutate();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && changed) saving.mutate();
      }}
    >
      <Field
        label={`Text, beginning with version ${version.version}`}
        hint="Variables are declared between +++ and used as {{ name }}; \{{ stands for the characters."
      >
        {(ids) => (
          <TextArea
            {...ids}
            rows={Math.min(30, Math.max(12, text.split("\n").length + 1))}
            spellCheck={false}
            className="font-mono text-xs leading-5"
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        )}
      </Field>
      {saving.error && <ProblemCard error={saving.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button disabled={!changed} onClick={() => setText(version.text)}>
          Discard
        </Button>
        <Button type="submit" tone="primary" disabled={!changed || saving.isPending}>
          Save as the next version
        </Button>
      </div>
      {changed && <DiffView before={version.text} after={text} title="Changes" />}
    </form>
  );
}
