import type { ReactNode } from "react";
import { Boundary } from "@/ui/boundary";

const SHOWN = 20_000;

/** Shows the data of a step or message as text if its view fails, so that what stands around it
 * stays: the buttons that stop a run and decide of it above all. */
export function ShownPlainly(props: { value: unknown; version: unknown; children: ReactNode }) {
  return (
    <Boundary again={props.version} fallback={<AsText value={props.value} />}>
      {props.children}
    </Boundary>
  );
}

function AsText({ value }: { value: unknown }) {
  return (
    <div role="alert" className="min-w-0">
      <p className="text-bad text-xs">The page failed to show this; here is its data.</p>
      <pre className="max-h-96 overflow-auto whitespace-pre-wrap break-words font-mono text-xs">
        {write(value)}
      </pre>
    </div>
  );
}

function write(value: unknown): string {
  try {
    return (JSON.stringify(value, null, 2) ?? String(value)).slice(0, SHOWN);
  } catch {
    return "It cannot be written as text."; // too deep for that too
  }
}
