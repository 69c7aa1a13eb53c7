import { useQuery } from "@tanstack/react-query";
import { ShieldAlert, ShieldCheck, ShieldQuestion } from "lucide-react";
import { useRunView } from "../-view";
import { verifyQuery } from "./queries";

const LOOKS = {
  unknown: { Icon: ShieldQuestion, tone: "text-muted", word: "Seal" },
  unsealed: { Icon: ShieldQuestion, tone: "text-muted", word: "Not sealed" },
  unchanged: { Icon: ShieldCheck, tone: "text-good", word: "Sealed" },
  changed: { Icon: ShieldAlert, tone: "text-bad", word: "Changed" },
} as const;

/** Whether the run is sealed and unchanged, once somebody has looked: verifying reads all of its
 * history, so the view of a run does not do it by itself. */
export function SealBadge() {
  const { run, log, card, setSearch } = useRunView();
  const verify = useQuery({ ...verifyQuery(run), enabled: false });
  if (!log.ended && card?.ended == null) return null;
  const look = LOOKS[stateOf(verify)];
  return (
    <button
      type="button"
      onClick={() => setSearch({ open: "seal" })}
      className={`inline-flex h-8 items-center gap-1.5 rounded-md px-2 text-xs hover:bg-sunken ${look.tone}`}
    >
      <look.Icon aria-hidden className="size-3.5" />
      {look.word}
    </button>
  );
}

function stateOf(verify: {
  data: { unchanged: boolean } | undefined;
  error: unknown;
}): keyof typeof LOOKS {
  if (verify.data) return verify.data.unchanged ? "unchanged" : "changed";
  return verify.error ? "unsealed" : "unknown";
}
