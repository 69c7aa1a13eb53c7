import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CornerDownRight } from "lucide-react";
import { api, call } from "@/api/client";
import { Loaded } from "@/parts/desk/loaded";
import { Facts } from "@/parts/desk/section";
import { LongText } from "@/parts/json_view";
import { useClock } from "@/parts/time_zone";
import { Sheet } from "@/ui/sheet";
import { describeSource, type MemoryView, nameLane, TRUSTS } from "../-memory";
import { TrustBadge } from "./trust_badge";

/** Where a memory comes from; also one that was replaced. */
export default function MemorySheet(props: { id: string; onClose: () => void }) {
  const memory = useQuery({
    queryKey: ["memories", "one", props.id],
    queryFn: () =>
      call(api.GET("/api/v1/memories/{memory}", { params: { path: { memory: props.id } } })),
  });
  return (
    <Sheet onClose={props.onClose} title="Origin of a memory">
      <Loaded query={memory} className="m-0">
        {(found) => <Origin memory={found} />}
      </Loaded>
    </Sheet>
  );
}

function Origin({ memory }: { memory: MemoryView }) {
  const { formatTime } = useClock();
  const at = (time: string) => formatTime(Date.parse(time) / 1000);
  return (
    <div className="flex flex-col gap-4">
      {memory.replaced_by && (
        <p className="flex items-start gap-2 rounded-md bg-warn-soft px-4 py-2.5">
          <CornerDownRight aria-hidden className="mt-0.5 size-4 shrink-0" />
          <span>
            It no longer holds:{" "}
            <Link to="/memory" search={{ show: memory.replaced_by }} className="underline">
              another one
            </Link>{" "}
            replaced it.
          </span>
        </p>
      )}
      <LongText text={memory.text} className="rounded-md bg-sunken px-3 py-2.5 text-base" />
      <div className="overflow-hidden rounded-lg border border-line-soft">
        <Facts
          facts={[
            {
              name: "Trust",
              value: (
                <>
                  <TrustBadge trust={memory.trust} />
                  <span className="mt-0.5 block text-muted text-xs">
                    {TRUSTS[memory.trust].meaning}
                  </span>
                </>
              ),
            },
            { name: "Written", value: `${at(memory.made)}, ${describeSource(memory)}` },
            memory.valid_from != null && { name: "Holds since", value: at(memory.valid_from) },
            { name: "Recalled by", value: nameLane(memory.lane) },
            memory.run != null && { name: "Run", value: <RunLink run={memory.run} /> },
            memory.turn != null && { name: "Turn", value: memory.turn },
            memory.message != null && { name: "Message or call", value: memory.message },
            memory.session != null && { name: "Session", value: memory.session },
            { name: "Id", value: <code className="break-all text-xs">{memory.id}</code> },
          ]}
        />
      </div>
    </div>
  );
}

function RunLink({ run }: { run: string }) {
  return (
    <Link to="/runs/$run" params={{ run }} className="break-all text-info hover:underline">
      {run}
    </Link>
  );
}
