import { useNavigate } from "@tanstack/react-router";
import { RunPicker } from "@/parts/run_picker";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { useRunView } from "../-view";

/** Chooses what to compare the run with: its parent, a fork, or any other. */
export default function CompareDialog({ onClose }: { onClose: () => void }) {
  const { run, log, card } = useRunView();
  const navigate = useNavigate();
  const parent = (log.started?.parent ?? card?.parent)?.run;
  const near = [...(parent ? [parent] : []), ...(card?.forks ?? []).slice(0, 8)];
  const compare = (other: string) => {
    const search = other === parent ? { left: other, right: run } : { left: run, right: other };
    void navigate({ to: "/compare", search });
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Compare with">
      <div className="flex flex-col gap-4">
        {near.length > 0 && (
          <ul className="flex flex-col gap-1.5">
            {near.map((other) => (
              <li key={other}>
                <Button className="w-full justify-start" onClick={() => compare(other)}>
                  <span className="min-w-0 truncate">{other}</span>
                  <span className="ml-auto text-muted text-xs">
                    {other === parent ? "parent" : "fork"}
                  </span>
                </Button>
              </li>
            ))}
          </ul>
        )}
        <RunPicker label="Another run" value={undefined} onChange={compare} />
      </div>
    </Dialog>
  );
}
