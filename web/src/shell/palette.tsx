import { Command as Parts } from "cmdk";
import { Dialog } from "radix-ui";
import { Kbd } from "@/ui/kbd";
import { type Command, useAllCommands } from "./commands";
import { describeKeys } from "./keys";

/** Finds a command by name, or the view that shows something. */
export default function Palette(props: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const commands = useAllCommands();
  const groups = Map.groupBy(commands, (command) => command.group);
  const choose = (command: Command) => {
    props.onOpenChange(false);
    // After the dialog has given the focus back, so that what opens next can take it.
    setTimeout(command.run);
  };
  return (
    <Dialog.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/35" />
        <Dialog.Content
          aria-describedby={undefined}
          className="animate-enter fixed inset-x-3 top-[14vh] z-50 mx-auto max-w-xl overflow-hidden rounded-2xl border border-line bg-surface shadow-card"
        >
          <Dialog.Title className="sr-only">Commands</Dialog.Title>
          <Parts label="Commands" loop>
            <Parts.Input
              autoFocus
              placeholder="What do you want to do?"
              className="h-12 w-full border-b bg-transparent px-4 outline-none placeholder:text-muted"
            />
            <Parts.List className="max-h-[50vh] overflow-auto p-1.5">
              <Parts.Empty className="px-3 py-6 text-center text-muted">
                No command has this name.
              </Parts.Empty>
              {[...groups].map(([group, members]) => (
                <Parts.Group
                  key={group}
                  heading={group}
                  className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-muted [&_[cmdk-group-heading]]:text-xs"
                >
                  {members.map((command) => (
                    <Parts.Item
                      key={command.id}
                      value={`${command.title} ${command.id}`}
                      onSelect={() => choose(command)}
                      className="flex h-9 items-center gap-2.5 rounded-md px-2.5 data-[selected=true]:bg-sunken dark:data-[selected=true]:bg-raised"
                    >
                      {command.icon && <command.icon aria-hidden className="size-4 text-muted" />}
                      <span className="flex-1 truncate">{command.title}</span>
                      {command.keys && <Kbd keys={describeKeys(command.keys)} />}
                    </Parts.Item>
                  ))}
                </Parts.Group>
              ))}
            </Parts.List>
          </Parts>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
