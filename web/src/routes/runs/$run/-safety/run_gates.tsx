import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import type { Step } from "@/events/steps";
import { Loaded } from "@/parts/desk/loaded";
import { Rows, Section } from "@/parts/desk/section";
import { DerivedNotes, GateNotes } from "@/parts/policy/gate_notes";
import { Select } from "@/ui/field";
import { useRunView } from "../-view";

type Tried = "standard" | "strict";
type GatedRun = Schemas["GatedRun"];

const OPEN_MS = 5_000;

/** What gates decided about the calls of the run, or would decide under another profile. */
export function RunGates() {
  const { run, log } = useRunView();
  const [profile, setProfile] = useState<Tried>();
  const gates = useQuery({
    queryKey: ["run", run, "gates", profile ?? ""],
    queryFn: () =>
      call(
        api.GET("/api/v1/runs/{run}/gates", {
          params: { path: { run }, query: profile ? { profile } : {} },
        }),
      ),
    refetchInterval: log.ended ? false : OPEN_MS,
  });
  return (
    <Section
      title="Gates"
      actions={
        <Select
          aria-label="Which profile"
          className="h-8 w-auto text-xs"
          value={profile ?? ""}
          onChange={({ target }) => setProfile((target.value || undefined) as Tried | undefined)}
        >
          <option value="">as recorded</option>
          <option value="standard">under standard</option>
          <option value="strict">under strict</option>
        </Select>
      }
    >
      <Loaded query={gates} rows={3}>
        {(found) => <Decided found={found} />}
      </Loaded>
    </Section>
  );
}

function Decided({ found }: { found: GatedRun }) {
  const { log } = useRunView();
  const untrusted = found.untrusted.length;
  return (
    <>
      <p className="px-4 py-3 text-muted">
        {found.profile
          ? `What the profile ${found.profile} would decide today. `
          : "What was decided as the run went. "}
        {count(found.checked, "tool call")} in all;{" "}
        {untrusted === 0
          ? "no result came from outside."
          : `${count(untrusted, "result")} came from outside, so anyone may have written it.`}
      </p>
      {found.calls.length === 0 ? (
        <p className="border-t px-4 py-3 text-muted">Every call passed.</p>
      ) : (
        <div className="border-t">
          <Rows label="Calls that gates looked at">
            {found.calls.map((each, place) => (
              <GatedCall
                key={`${each.turn} ${each.call ?? place}`}
                gated={each}
                step={keyOf(log.steps, each)}
              />
            ))}
          </Rows>
        </div>
      )}
    </>
  );
}

function GatedCall(props: { gated: Schemas["GatedCall"]; step: string | undefined }) {
  const { run } = useRunView();
  const { gated, step } = props;
  return (
    <li className="flex flex-col gap-1 px-4 py-3">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="min-w-0 break-all font-medium font-mono text-xs">
          {gated.tool ?? "model reply"}
        </span>
        <span className="text-muted text-xs">turn {gated.turn}</span>
        {step && (
          <Link
            to="/runs/$run"
            params={{ run }}
            hash={step}
            className="text-info text-xs hover:underline"
          >
            Show the step
          </Link>
        )}
      </p>
      {gated.gates.length > 0 && <GateNotes gates={gated.gates} />}
      {gated.derived.length > 0 && <DerivedNotes derived={gated.derived} />}
    </li>
  );
}

/** The step of a call, for a link to it. */
function keyOf(steps: readonly Step[], gated: Schemas["GatedCall"]): string | undefined {
  return steps.find((step) =>
    gated.call
      ? step.kind === "tool" && step.turn === gated.turn && step.callId === gated.call
      : step.kind === "model" && step.turn === gated.turn,
  )?.key;
}

function count(many: number, what: string): string {
  return `${many.toLocaleString("en")} ${many === 1 ? what : `${what}s`}`;
}
