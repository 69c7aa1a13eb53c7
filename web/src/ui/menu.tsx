import { DropdownMenu as Parts } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "./cn";

export function Menu(props: { trigger: ReactNode; children: ReactNode; align?: "start" | "end" }) {
  return (
    <Parts.Root>
      <Parts.Trigger asChild>{props.trigger}</Parts.Trigger>
      <Parts.Portal>
        <Parts.Content
          align={props.align ?? "end"}
          sideOffset={4}
          className="animate-enter z-50 min-w-44 rounded-md border border-line bg-raised p-1 shadow-card"
        >
          {props.children}
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  );
}

const itemLook =
  "flex w-full items-center gap-2 rounded-sm px-2.5 py-1.5 text-sm outline-none data-[highlighted]:bg-sunken data-[disabled]:opacity-50 dark:data-[highlighted]:bg-line-soft [&_svg]:size-4 [&_svg]:text-muted";

export function MenuItem(props: {
  onSelect: () => void;
  children: ReactNode;
  danger?: boolean;
  disabled?: boolean;
}) {
  return (
    <Parts.Item
      onSelect={props.onSelect}
      disabled={props.disabled ?? false}
      className={cn(itemLook, props.danger && "text-bad [&_svg]:text-bad")}
    >
      {props.children}
    </Parts.Item>
  );
}

export function MenuLine() {
  return <Parts.Separator className="my-1 h-px bg-line-soft" />;
}
