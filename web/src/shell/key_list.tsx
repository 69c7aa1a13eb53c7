import { useAllCommands } from "@/parts/commands";
import { describeKeys } from "@/parts/keys";
import { Dialog } from "@/ui/dialog";
import { Kbd } from "@/ui/kbd";

/** The keys that work now. */
export default function KeyList(props: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const withKeys = useAllCommands().filter((command) => command.keys);
  const groups = Map.groupBy(withKeys, (command) => command.group);
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title="Keys">
      {[...groups].map(([group, members]) => (
        <section key={group} className="mb-4">
          <h3 className="mb-1 font-medium text-muted text-xs">{group}</h3>
          <ul>
            {members.map((command) => (
              <li key={command.id} className="flex h-7 items-center justify-between gap-4">
                {command.title}
                <Kbd keys={describeKeys(command.keys ?? "")} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </Dialog>
  );
}
