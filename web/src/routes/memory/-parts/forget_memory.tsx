import { api, call } from "@/api/client";
import { Confirm } from "@/parts/desk/confirm";
import { LongText } from "@/parts/json_view";
import { notify } from "@/ui/notify";
import type { MemoryView } from "../-memory";
import { useReread } from "./use_memories";

/** Asks before a memory is forgotten: its text cannot be brought back. */
export function ForgetMemory(props: { memory: MemoryView; onClose: () => void }) {
  const reread = useReread();
  const forget = async () => {
    const params = { path: { memory: props.memory.id } };
    await call(api.DELETE("/api/v1/memories/{memory}", { params }));
    notify("Forgotten.");
    void reread();
  };
  return (
    <Confirm title="Forget this memory?" action="Forget" act={forget} onClose={props.onClose}>
      <LongText
        text={props.memory.text}
        className="mb-3 max-h-48 overflow-auto rounded-md bg-sunken px-3 py-2 text-ink"
      />
      Its text is erased; that there was a memory stays known. Transcripts of runs that have read it
      keep it.
    </Confirm>
  );
}
