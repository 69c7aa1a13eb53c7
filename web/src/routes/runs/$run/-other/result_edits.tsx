import { Pencil } from "lucide-react";
import { useState } from "react";
import type { ToolStep } from "@/events/steps";
import { breaksJson } from "@/parts/alternatives/changes";
import { DiffView } from "@/parts/diff_view";
import { Button } from "@/ui/button";
import { Input, TextArea } from "@/ui/field";

const SHOWN = 8;
/** A larger text in one editor would hold the page. */
const MOST = 200_000;

/** Results of tool calls, each of which can be edited. */
export function ResultEdits(props: {
  calls: readonly ToolStep[];
  results: Readonly<Record<string, string>>;
  onChange: (results: Readonly<Record<string, string>>) => void;
}) {
  const { calls, results } = props;
  const [find, setFind] = useState("");
  const [edited, setEdited] = useState<ReadonlySet<string>>(new Set(Object.keys(results)));
  if (calls.length === 0) return null;
  const wanted = find.toLowerCase();
  const found = calls.filter(
    (each) =>
      !wanted ||
      each.name.toLowerCase().includes(wanted) ||
      each.result?.content.toLowerCase().includes(wanted),
  );
  const set = (id: string, text: string | undefined) => {
    const { [id]: _, ...rest } = results;
    props.onChange(text === undefined ? rest : { ...rest, [id]: text });
  };
  return (
    <section className="flex flex-col gap-2">
      <h3 className="font-medium text-xs">Results of tools</h3>
      {calls.length > SHOWN && (
        <Input
          aria-label="Find a tool call"
          placeholder={`Find in ${calls.length} calls`}
          value={find}
          onChange={(event) => setFind(event.target.value)}
        />
      )}
      <ol className="flex flex-col gap-1.5">
        {found.slice(0, SHOWN).map((call) => (
          <li key={call.callId} className="rounded-md border px-3 py-2">
            <div className="flex items-center gap-2">
              <span className="shrink-0 font-mono text-[0.8125rem]">{call.name}</span>
              <span className="min-w-0 flex-1 truncate text-muted text-xs">
                {call.result?.content.slice(0, 200)}
              </span>
              <span className="shrink-0 text-muted text-xs">turn {call.turn}</span>
              {!edited.has(call.callId) && (
                <Button
                  size="icon"
                  tone="quiet"
                  aria-label={`Edit the result of ${call.name} in turn ${call.turn}`}
                  disabled={(call.result?.content.length ?? 0) > MOST}
                  onClick={() => setEdited(new Set([...edited, call.callId]))}
                >
                  <Pencil aria-hidden />
                </Button>
              )}
            </div>
            {edited.has(call.callId) && (
              <Editor
                call={call}
                text={results[call.callId] ?? call.result?.content ?? ""}
                onChange={(text) => set(call.callId, text)}
                onReset={() => {
                  set(call.callId, undefined);
                  setEdited(new Set([...edited].filter((each) => each !== call.callId)));
                }}
              />
            )}
          </li>
        ))}
      </ol>
      {found.length > SHOWN && (
        <p className="text-muted text-xs">{found.length - SHOWN} more: find them above.</p>
      )}
    </section>
  );
}

function Editor(props: {
  call: ToolStep;
  text: string;
  onChange: (text: string) => void;
  onReset: () => void;
}) {
  const before = props.call.result?.content ?? "";
  return (
    <div className="mt-2 flex flex-col gap-2">
      <TextArea
        aria-label={`Result of ${props.call.name}`}
        value={props.text}
        rows={4}
        className="font-mono text-xs"
        onChange={(event) => props.onChange(event.target.value)}
      />
      {breaksJson(before, props.text) && (
        <p className="text-warn text-xs">The result was JSON, and this is not.</p>
      )}
      {props.text !== before && (
        <DiffView before={before} after={props.text} title="As recorded, and as edited" />
      )}
      <Button size="sm" className="self-start" onClick={props.onReset}>
        As recorded
      </Button>
    </div>
  );
}
