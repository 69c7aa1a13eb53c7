import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { Button } from "@/ui/button";
import { Foot } from "./foot";
import { Nav } from "./nav";

/** The list of views on narrow screens. */
export default function NavDrawer(props: {
  user: string;
  onSearch: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog.Root open onOpenChange={props.onClose}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/35" />
        <Dialog.Content
          aria-describedby={undefined}
          className="animate-slide-from-left fixed inset-y-0 left-0 z-50 flex w-64 flex-col border-r bg-canvas p-3"
        >
          <div className="flex items-center justify-between pb-3">
            <Dialog.Title className="px-2.5 text-base">harness</Dialog.Title>
            <Dialog.Close asChild>
              <Button size="icon" tone="quiet" aria-label="Close">
                <X />
              </Button>
            </Dialog.Close>
          </div>
          <Nav onChoose={props.onClose} />
          <Foot
            user={props.user}
            onSearch={() => {
              props.onClose();
              props.onSearch();
            }}
          />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
