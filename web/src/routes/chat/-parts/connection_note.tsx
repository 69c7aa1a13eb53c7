import { CloudAlert, CloudOff, KeyRound, RefreshCw, ServerOff } from "lucide-react";
import { useLiveStatus, useLiveTrouble } from "@/api/live";
import { useIsOffline } from "@/shell/offline";

/** Above the composer, only when something is wrong: what, and what becomes of what is typed. */
export function ConnectionNote(props: { served: boolean | undefined; agent: string | undefined }) {
  const status = useLiveStatus();
  const offline = useIsOffline();
  const note = noteOf(status, useLiveTrouble(), offline, props.served, props.agent);
  if (!note) return null;
  const { Icon, title, text } = note;
  return (
    <p
      role="status"
      className="animate-enter mb-2 flex items-start gap-2 rounded-md border border-warn/40 bg-warn-soft px-3 py-2 text-xs"
    >
      <Icon aria-hidden className="mt-px size-3.5 shrink-0 text-warn" />
      <span>
        <span className="font-medium">{title}.</span> {text}
      </span>
    </p>
  );
}

function noteOf(
  status: ReturnType<typeof useLiveStatus>,
  trouble: string | undefined,
  offline: boolean,
  served: boolean | undefined,
  agent: string | undefined,
) {
  if (status === "signed_out") {
    return {
      Icon: KeyRound,
      title: "Your session has ended",
      text: "Sign in with a new link. What you type and send is kept until then.",
    };
  }
  if (offline) {
    return {
      Icon: CloudOff,
      title: "Offline",
      text: "This device has no network. Messages are kept, and sent once when it is back.",
    };
  }
  if (status === "reconnecting") {
    return {
      Icon: RefreshCw,
      title: "Reconnecting",
      text: `${trouble ?? "The daemon does not answer."} Messages are kept, and sent once when it does.`,
    };
  }
  if (trouble !== undefined) {
    return {
      Icon: CloudAlert,
      title: "Interrupted",
      text: `${trouble} Messages are kept, and sent once when it is over.`,
    };
  }
  if (served === false) {
    return {
      Icon: ServerOff,
      title: "No worker answers",
      text: `Nobody serves ${agent ?? "the agent"} now: start it with harness worker. Messages wait until then.`,
    };
  }
  return null;
}
