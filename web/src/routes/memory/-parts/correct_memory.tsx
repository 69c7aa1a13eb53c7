import { useMutation } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { notify } from "@/ui/notify";
import type { MemoryView } from "../-memory";
import { MemoryForm } from "./memory_form";
import { useReread } from "./use_memories";

/** Replaces a memory by what is true instead. */
export function CorrectMemory(props: { memory: MemoryView; onClose: () => void }) {
  const reread = useReread();
  const correcting = useMutation({
    mutationFn: (text: string) =>
      call(
        api.PUT("/api/v1/memories/{memory}", {
          params: { path: { memory: props.memory.id } },
          body: { text },
        }),
      ),
    onSuccess: () => {
      notify("Corrected. Runs recall the new fact from now on.");
      void reread();
      props.onClose();
    },
  });
  return (
    <MemoryForm
      title="Correct a memory"
      description="The new fact replaces it, as your own words. The old one stays readable."
      action="Replace"
      start={props.memory.text}
      pending={correcting.isPending}
      error={correcting.error}
      onSave={correcting.mutate}
      onClose={props.onClose}
    />
  );
}
