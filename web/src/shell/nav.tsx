import { Link } from "@tanstack/react-router";
import {
  Activity,
  Bot,
  Brain,
  ChartColumn,
  Cpu,
  Gauge,
  HeartPulse,
  Inbox,
  type LucideIcon,
  MessagesSquare,
  ScrollText,
  Settings,
  ShieldCheck,
  SquareTerminal,
} from "lucide-react";
import { lazy, Suspense } from "react";
import { Kbd } from "@/ui/kbd";
import { useInbox } from "./inbox";
import { navLook } from "./nav_look";

export interface Place {
  to: string;
  title: string;
  keys: string;
  icon: LucideIcon;
  /** Begins a group. */
  first?: true;
}

export const PLACES: readonly Place[] = [
  { to: "/runs", title: "Runs", keys: "g r", icon: Activity },
  { to: "/inbox", title: "Inbox", keys: "g i", icon: Inbox },
  { to: "/chat", title: "Chat", keys: "g c", icon: MessagesSquare },
  { to: "/agents", title: "Agents", keys: "g a", icon: Bot, first: true },
  { to: "/models", title: "Models", keys: "g m", icon: Cpu },
  { to: "/prompts", title: "Prompts", keys: "g p", icon: SquareTerminal },
  { to: "/memory", title: "Memory", keys: "g e", icon: Brain },
  { to: "/cost", title: "Cost", keys: "g o", icon: ChartColumn, first: true },
  { to: "/limits", title: "Limits", keys: "g t", icon: Gauge },
  { to: "/safety", title: "Safety", keys: "g f", icon: ShieldCheck },
  { to: "/activity", title: "Activity", keys: "g l", icon: ScrollText, first: true },
  { to: "/health", title: "Health", keys: "g h", icon: HeartPulse },
  { to: "/settings", title: "Settings", keys: "g s", icon: Settings },
];

// Capabilities of installed packages contribute to few pages only.
const PanelLinks = lazy(() => import("./panel_links"));

export function Nav(props: { onChoose?: () => void }) {
  const waiting = useInbox()?.length ?? 0;
  return (
    <nav aria-label="Views" className="-m-1 mb-2 flex min-h-0 flex-col gap-0.5 overflow-y-auto p-1">
      {PLACES.map(({ to, title, keys, icon: Icon, first }) => (
        <Link
          key={to}
          to={to}
          {...(props.onChoose ? { onClick: props.onChoose } : {})}
          className={first ? `${navLook} mt-2` : navLook}
        >
          <Icon aria-hidden className="size-4 text-muted" />
          <span className="flex-1">{title}</span>
          {to === "/inbox" && waiting > 0 ? (
            <span className="rounded-full bg-primary px-1.5 font-medium text-primary-ink text-xs">
              {waiting}
              <span className="sr-only"> waiting</span>
            </span>
          ) : (
            <Kbd keys={keys} className="opacity-0 group-hover:opacity-100" />
          )}
        </Link>
      ))}
      <Suspense>
        <PanelLinks {...props} />
      </Suspense>
    </nav>
  );
}
