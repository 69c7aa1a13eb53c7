import { useQuery } from "@tanstack/react-query";
import { ArrowLeftRight } from "lucide-react";
import { useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { Ago } from "@/parts/ago";
import { useCommands } from "@/parts/commands";
import { Loaded } from "@/parts/desk/loaded";
import { Section } from "@/parts/desk/section";
import { RuleList } from "@/parts/policy/rule_list";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { useRunView } from "../-view";
import { SwitchPolicy } from "./switch_policy";

/** The rules of the run, and those that held before; admins switch them. */
export function RunPolicy() {
  const { run, log } = useRunView();
  const admin = useMay("admin");
  const [switching, setSwitching] = useState(false);
  const policy = useQuery({
    queryKey: ["run", run, "policy"],
    queryFn: () => call(api.GET("/api/v1/runs/{run}/policy", { params: { path: { run } } })),
    refetchInterval: log.ended ? false : 10_000,
  });
  const may = admin && !log.ended && policy.data !== undefined;
  const change = {
    id: "run-policy",
    title: "Switch the policy of the run",
    group: "Run",
    icon: ArrowLeftRight,
    run: () => setSwitching(true),
  };
  useCommands(may ? [change] : []);
  return (
    <Section
      title="Policy"
      actions={
        may && (
          <Button size="sm" onClick={change.run}>
            <ArrowLeftRight aria-hidden /> Switch…
          </Button>
        )
      }
    >
      <Loaded query={policy} rows={3}>
        {({ policy: now, pins }) => (
          <>
            {now.rules.length > 0 || now.function ? (
              <RuleList policy={now} />
            ) : (
              <p className="px-4 py-3 text-muted">
                No rule holds, so each tool's own approval applies.
              </p>
            )}
            {pins.length > 1 && <Pins pins={pins} />}
          </>
        )}
      </Loaded>
      {switching && policy.data && (
        <SwitchPolicy run={run} policy={policy.data.policy} onClose={() => setSwitching(false)} />
      )}
    </Section>
  );
}

/** Which version held from when on. */
function Pins({ pins }: { pins: readonly Schemas["PolicyPin"][] }) {
  return (
    <ol aria-label="Versions" className="border-t px-4 py-2.5 text-muted text-xs">
      {pins.map((pin) => (
        <li key={pin.at} className="flex flex-wrap gap-x-3 leading-6">
          <Ago at={pin.at} />
          <span className="break-words">
            {pin.by ? `switched by ${pin.by}` : "as the run began"}
          </span>
          <span title={pin.digest}>
            {pin.digest === "none" ? "no rules" : `version ${pin.digest.slice(0, 12)}`}
          </span>
        </li>
      ))}
    </ol>
  );
}
