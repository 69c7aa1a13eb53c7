import { useMutation } from "@tanstack/react-query";
import { Eye } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { readValues } from "@/parts/composer/templates";
import { CopyButton } from "@/parts/desk/copy_button";
import { Section } from "@/parts/desk/section";
import { LongText } from "@/parts/json_view";
import { ProblemCard } from "@/parts/problem_card";
import { useMay } from "@/parts/roles";
import { VariableField } from "@/parts/variable_field";
import { Button } from "@/ui/button";
import { splitHeader, splitVariables, type VersionView } from "../-prompts";

/** A version: its text, its variables, and what it makes of them. */
export function TextTab({ version }: { version: VersionView }) {
  const may = useMay("operator");
  const { header, body } = splitHeader(version.text);
  return (
    <>
      <Section title="Text" actions={<CopyButton text={version.text} label="Copy all" />}>
        <pre className="max-h-[60vh] overflow-auto whitespace-pre-wrap break-words px-4 py-3 font-mono text-xs leading-5">
          {splitVariables(body).map((piece, place) =>
            piece.variable ? (
              <mark key={place} className="rounded-sm bg-info-soft px-0.5 text-info">
                {piece.text}
              </mark>
            ) : (
              piece.text
            ),
          )}
        </pre>
        {header && (
          <details className="border-t">
            <summary className="cursor-pointer px-4 py-2 text-muted text-xs hover:text-ink">
              Declarations
            </summary>
            <pre className="overflow-x-auto px-4 pb-3 font-mono text-xs leading-5">{header}</pre>
          </details>
        )}
      </Section>
      {may && <Preview version={version} />}
    </>
  );
}

function Preview({ version }: { version: VersionView }) {
  const [values, setValues] = useState<Record<string, string>>({});
  const rendering = useMutation({
    mutationFn: () =>
      call(
        api.POST("/api/v1/prompts/{prompt}/render", {
          params: { path: { prompt: `${version.name}@${version.version}` } },
          body: { variables: readValues(version.variables, values) },
        }),
      ),
  });
  return (
    <Section title="Preview" lead="The prompt as a run would get it; nothing is started.">
      <form
        className="flex flex-col gap-3 p-4"
        onSubmit={(event) => {
          event.preventDefault();
          rendering.mutate();
        }}
      >
        {version.variables.length === 0 && <p className="text-muted">It has no variables.</p>}
        <div className="grid gap-3 sm:grid-cols-2">
          {version.variables.map((variable) => (
            <VariableField
              key={variable.name}
              variable={variable}
              value={values[variable.name] ?? ""}
              fault={undefined}
              onChange={(value) => setValues((now) => ({ ...now, [variable.name]: value }))}
            />
          ))}
        </div>
        {rendering.error && <ProblemCard error={rendering.error} />}
        {rendering.data && (
          <div role="status" className="rounded-md bg-sunken px-3 py-2.5">
            <LongText text={rendering.data.text} />
          </div>
        )}
        <Button type="submit" size="sm" className="self-end" disabled={rendering.isPending}>
          <Eye aria-hidden /> Preview
        </Button>
      </form>
    </Section>
  );
}
