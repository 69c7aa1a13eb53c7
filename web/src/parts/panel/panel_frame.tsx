import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { Unplug } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { meQuery } from "@/api/queries";
import { root } from "@/api/root";
import { Button } from "@/ui/button";
import { SkeletonRows } from "@/ui/skeleton";
import { loadPanel, makeHost, type Unmount } from "./host";
import type { PanelInfo } from "./panels";

type State = "loading" | "shown" | { fault: string };

/** Shows a panel of a capability. What goes wrong in it stays in it. */
export function PanelFrame(props: {
  panel: PanelInfo;
  run?: string;
  query?: string;
  /** Gets what the panel says that it shows; an empty text once it is left. */
  onTitle?: (title: string) => void;
}) {
  const { panel, run, query = "", onTitle } = props;
  const { data: me } = useQuery(meQuery);
  const router = useRouter();
  const place = useRef<HTMLDivElement>(null);
  const [again, setAgain] = useState(0);
  const [state, setState] = useState<State>("loading");
  useEffect(() => {
    if (!me || !place.current) return;
    setState("loading");
    const element = document.createElement("div");
    element.className = "h-full";
    place.current.append(element);
    let left = false;
    const host = makeHost(
      me,
      run,
      query,
      (path) => router.history.push(root + path),
      (title) => {
        if (!left) onTitle?.(title);
      },
    );
    let unmount: Unmount | undefined;
    void loadPanel(panel.module, again)
      .then(async (module) => {
        if (left) return;
        const undo = await module.mount(element, host);
        if (typeof undo === "function") unmount = undo;
        if (left) leave(unmount);
        else setState("shown");
      })
      .catch((error: unknown) => {
        if (!left) setState({ fault: error instanceof Error ? error.message : String(error) });
      });
    return () => {
      left = true;
      onTitle?.("");
      leave(unmount);
      element.remove();
    };
  }, [me, panel.module, run, query, again, router, onTitle]);
  const fault = typeof state === "object" ? state.fault : undefined;
  return (
    <div className="h-full overflow-auto">
      {state === "loading" && <SkeletonRows rows={3} />}
      {fault !== undefined && (
        <FaultCard panel={panel} fault={fault} onRetry={() => setAgain(again + 1)} />
      )}
      <div ref={place} hidden={fault !== undefined} className="h-full p-4 sm:p-6" />
    </div>
  );
}

function leave(unmount: Unmount | undefined): void {
  try {
    unmount?.();
  } catch (error) {
    console.warn("A panel failed while it was left:", error);
  }
}

function FaultCard(props: { panel: PanelInfo; fault: string; onRetry: () => void }) {
  return (
    <div
      role="alert"
      className="m-4 flex items-start gap-3 rounded-md border border-bad/40 bg-bad-soft p-3 sm:m-6"
    >
      <Unplug aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">The panel {props.panel.title} does not work</p>
        <p className="break-words">{props.fault.slice(0, 1_000)}</p>
        <p className="mt-1 text-muted">
          It comes from the capability {props.panel.id.split("/")[0]}. Everything else works; to
          remove it, run{" "}
          <code className="font-mono text-xs">
            harness capabilities disable {props.panel.id.split("/")[0]}
          </code>
          .
        </p>
      </div>
      <Button size="sm" onClick={props.onRetry}>
        Try again
      </Button>
    </div>
  );
}
