import { useQuery } from "@tanstack/react-query";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { Badge } from "@/parts/desk/badge";
import { Confirm } from "@/parts/desk/confirm";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { notify } from "@/ui/notify";
import { SkeletonRows } from "@/ui/skeleton";
import { useReread } from "./use_memories";

function verify(repair: boolean) {
  return call(api.POST("/api/v1/memories/verify", { body: { repair } }));
}

/** Checks whether memories were changed outside harness; drops what is not genuine. */
export default function CheckMemories(props: { onClose: () => void }) {
  const reread = useReread();
  const [repairing, setRepairing] = useState(false);
  // What it found is not kept: it is checked anew each time.
  const { data, error, isPending } = useQuery({
    queryKey: ["memory check"],
    queryFn: () => verify(false),
    gcTime: 0,
  });
  const repair = async () => {
    const { dropped } = await verify(true);
    notify(`${dropped ?? 0} entries were dropped.`);
    void reread();
    props.onClose();
  };
  if (repairing) {
    return (
      <Confirm
        title="Drop what is not genuine?"
        action="Drop"
        act={repair}
        onClose={() => setRepairing(false)}
      >
        Entries that were changed outside harness are removed for good, and the rest is accepted as
        it is. Find out first who could write to the database.
      </Confirm>
    );
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && props.onClose()}
      title="Check the memories"
      description="Every entry is signed and chained to the one before it."
    >
      {isPending && <SkeletonRows rows={2} />}
      {error && <ProblemCard error={error} />}
      {data?.problems.length === 0 && (
        <p role="status">
          <Badge icon={ShieldCheck} tone="good">
            {data.entries} {data.entries === 1 ? "entry" : "entries"}: as harness wrote them
          </Badge>
        </p>
      )}
      {data && data.problems.length > 0 && (
        <div className="flex flex-col gap-3">
          <p role="status">
            <Badge icon={ShieldAlert} tone="bad">
              changed outside harness
            </Badge>
          </p>
          <ul className="list-disc pl-5">
            {data.problems.map((each) => (
              <li key={`${each.seq} ${each.id} ${each.what}`} className="break-words">
                {each.what}
              </li>
            ))}
          </ul>
          <Button tone="danger" className="self-end" onClick={() => setRepairing(true)}>
            Drop what is not genuine
          </Button>
        </div>
      )}
    </Dialog>
  );
}
