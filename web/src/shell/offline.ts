import { useSyncExternalStore } from "react";
import { useLiveStatus } from "@/api/live";

function subscribe(changed: () => void): () => void {
  addEventListener("online", changed);
  addEventListener("offline", changed);
  return () => {
    removeEventListener("online", changed);
    removeEventListener("offline", changed);
  };
}

/** Whether nothing arrives because this device has no network. A daemon on the same machine goes on
 * answering without one. */
export function useIsOffline(): boolean {
  const without = useSyncExternalStore(subscribe, () => !navigator.onLine);
  const status = useLiveStatus();
  return without && status !== "online" && status !== "signed_out";
}
