import { useQuery } from "@tanstack/react-query";
import { ChevronRight, CircleCheck, CircleSlash, CircleX } from "lucide-react";
import { useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { Badge, Chip, type Tone } from "@/parts/desk/badge";
import { Loaded } from "@/parts/desk/loaded";
import { Facts, Rows, Section } from "@/parts/desk/section";

const STATES: Record<string, { icon: typeof CircleCheck; tone: Tone }> = {
  enabled: { icon: CircleCheck, tone: "good" },
  disabled: { icon: CircleSlash, tone: "quiet" },
  broken: { icon: CircleX, tone: "bad" },
};
const RANK: Record<string, number> = { broken: 0, enabled: 1, disabled: 2 };

/** What this installation can do, and what of it is broken. */
export default function CapabilitiesTab() {
  const capabilities = useQuery({
    queryKey: ["capabilities"],
    queryFn: async () => (await call(api.GET("/api/v1/capabilities"))).capabilities,
    staleTime: 30_000,
  });
  return (
    <Section
      title="Capabilities"
      lead={
        <>
          Those of harness and of installed packages. One that is broken disturbs no other.{" "}
          <code className="font-mono text-xs">harness capabilities disable NAME</code>
        </>
      }
    >
      <Loaded query={capabilities} rows={8}>
        {(list) => (
          <Rows label="Capabilities">
            {list
              .toSorted((a, b) => (RANK[a.state] ?? 0) - (RANK[b.state] ?? 0))
              .map((each) => (
                <CapabilityRow key={each.name} capability={each} />
              ))}
          </Rows>
        )}
      </Loaded>
    </Section>
  );
}

function CapabilityRow({ capability }: { capability: Schemas["CapabilityView"] }) {
  const [open, setOpen] = useState(false);
  const look = STATES[capability.state] ?? { icon: CircleX, tone: "bad" as const };
  return (
    <li>
      <details className="group" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="relative cursor-pointer list-none py-2.5 pr-4 pl-10 hover:bg-sunken/50 dark:hover:bg-raised">
          <ChevronRight
            aria-hidden
            className="absolute top-3 left-4 size-4 text-muted transition-transform group-open:rotate-90"
          />
          <span className="flex flex-wrap items-center gap-x-3">
            <span className="font-medium">{capability.name}</span>
            <Badge {...look}>{capability.state}</Badge>
            {capability.source !== "built in" && <Chip>{capability.source}</Chip>}
          </span>
          {capability.summary && (
            <span className="block text-muted text-xs">{capability.summary}</span>
          )}
          {capability.problem && (
            <span className="block break-words text-bad text-xs">{capability.problem}</span>
          )}
        </summary>
        {open && <Parts name={capability.name} />}
      </details>
    </li>
  );
}

function Parts({ name }: { name: string }) {
  const details = useQuery({
    queryKey: ["capabilities", name],
    queryFn: () =>
      call(
        api.GET("/api/v1/capabilities/{capability}", { params: { path: { capability: name } } }),
      ),
    staleTime: 30_000,
  });
  return (
    <div className="border-t bg-canvas">
      <Loaded query={details} rows={2}>
        {({ parts }) =>
          Object.keys(parts).length === 0 ? (
            <p className="px-4 py-3 text-muted">Nothing of it is loaded.</p>
          ) : (
            <Facts
              facts={Object.entries(parts).map(([kind, names]) => ({
                name: kind,
                value: <span className="break-words text-xs">{names.join(", ")}</span>,
              }))}
            />
          )
        }
      </Loaded>
    </div>
  );
}
