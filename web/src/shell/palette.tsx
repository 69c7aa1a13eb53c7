import { useNavigate } from "@tanstack/react-router";
import { defaultFilter, Command as Parts } from "cmdk";
import { ArrowRight, Copy } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { type Command, isRunnable, useAllCommands } from "@/parts/commands";
import { describeKeys } from "@/parts/keys";
import { copyText } from "@/ui/copy_text";
import { Kbd } from "@/ui/kbd";
import { looksLikeId } from "./run_ids";
import terminalCommands from "./terminal_commands.json";

/** What this view can do, what every view can, and the commands of a terminal. */
export default function Palette(props: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const [typed, setTyped] = useState("");
  const offered = useAllCommands().filter(isRunnable);
  const groups = Map.groupBy(offered, (command) => command.group);
  const run = (act: () => void) => {
    props.onOpenChange(false);
    // After the dialog has given the focus back, so that what opens next can take it.
    setTimeout(act);
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
          <Parts label="Commands" loop filter={rank}>
            <Parts.Input
              autoFocus
              value={typed}
              onValueChange={setTyped}
              placeholder="What do you want to do?"
              className="h-12 w-full border-b bg-transparent px-4 outline-none placeholder:text-muted"
            />
            <Parts.List className="max-h-[50vh] overflow-auto p-1.5">
              <Parts.Empty className="px-3 py-6 text-center text-muted">
                No command has this name.
              </Parts.Empty>
              {[...groups].map(([group, members]) => (
                <Group key={group} heading={group}>
                  {members.map((command) => (
                    <Item
                      key={command.id}
                      value={`${command.title} ${command.id}`}
                      title={command.title}
                      icon={command.icon}
                      keys={command.keys}
                      onSelect={() => run(command.run)}
                    />
                  ))}
                </Group>
              ))}
              {typed && <TerminalCommands run={run} />}
              {looksLikeId(typed) && <OpenRun id={typed.trim()} run={run} />}
            </Parts.List>
          </Parts>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const OPEN = "open the run by its id ";
const LAST = 1e-9;

/** A run by its id stands below whatever else has the word in its name. */
function rank(value: string, typed: string, keywords?: string[]): number {
  if (value.startsWith(OPEN)) return LAST;
  return defaultFilter(value, typed, keywords);
}

type Run = (act: () => void) => void;

function OpenRun(props: { id: string; run: Run }) {
  const navigate = useNavigate();
  return (
    <Group heading="By id">
      <Item
        value={`${OPEN}${props.id}`}
        title={`Open the run ${props.id}`}
        icon={ArrowRight}
        onSelect={() =>
          props.run(() => void navigate({ to: "/runs/$run", params: { run: props.id } }))
        }
      />
    </Group>
  );
}

/** What the page cannot do, such as a backup, and what somebody wants to put into a script. */
function TerminalCommands(props: { run: Run }) {
  return (
    <Group heading="Copy a command for the terminal">
      {terminalCommands.map(({ command, summary }) => (
        <Item
          key={command}
          value={`${command} ${summary}`}
          title={command}
          note={summary}
          icon={Copy}
          onSelect={() => props.run(() => void copyText(command, `Copied: ${command}`))}
        />
      ))}
    </Group>
  );
}

function Group(props: { heading: string; children: React.ReactNode }) {
  return (
    <Parts.Group
      heading={props.heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-muted [&_[cmdk-group-heading]]:text-xs"
    >
      {props.children}
    </Parts.Group>
  );
}

function Item(props: {
  value: string;
  title: string;
  note?: string;
  icon?: Command["icon"] | undefined;
  keys?: string | undefined;
  onSelect: () => void;
}) {
  return (
    <Parts.Item
      value={props.value}
      onSelect={props.onSelect}
      className="flex min-h-9 items-center gap-2.5 rounded-md px-2.5 py-1 data-[selected=true]:bg-sunken dark:data-[selected=true]:bg-raised"
    >
      {props.icon && <props.icon aria-hidden className="size-4 shrink-0 text-muted" />}
      <span className="min-w-0 flex-1 truncate">
        {props.title}
        {props.note && <span className="ml-2 text-muted text-xs">{props.note}</span>}
      </span>
      {props.keys && <Kbd keys={describeKeys(props.keys)} />}
    </Parts.Item>
  );
}
