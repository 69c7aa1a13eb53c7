import { useMutation } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { notify } from "@/ui/notify";
import { MemoryForm } from "./memory_form";
import { useReread } from "./use_memories";

/** Adds what all runs shall know. */
export function AddMemory(props: { onClose: () => void }) {
  const reread = useReread();
  const adding = useMutation({
    mutationFn: (text: string) => call(api.POST("/api/v1/memories", { body: { text } })),
    onSuccess: ({ added }) => {
      notify(added ? "Remembered." : "This is remembered already.");
      void reread();
      props.onClose();
    },
  });
  return (
    <MemoryForm
      title="Remember a fact"
      description="Your runs of all agents with a memory recall it."
      action="Remember"
      start=""
      pending={adding.isPending}
      error={adding.error}
      onSave={adding.mutate}
      onClose={props.onClose}
    />
  );
}
