import { Moon, Search, Sun } from "lucide-react";
import { Button } from "@/ui/button";
import { Kbd } from "@/ui/kbd";
import { ChatButton } from "./chat_button";
import { ConnectionBadge } from "./connection_badge";
import { describeKeys } from "./keys";
import { setTheme, useIsDark } from "./theme";

/** What stands below the list of views: search, theme, connection, user. */
export function Foot(props: { user: string; onSearch: () => void }) {
  const dark = useIsDark();
  const toggle = dark ? "Use the light theme" : "Use the dark theme";
  return (
    <div className="mt-auto flex flex-col gap-2">
      <div className="flex items-center gap-1.5">
        <Button size="sm" className="flex-1 justify-start" onClick={props.onSearch}>
          <Search aria-hidden /> Search
          <Kbd keys={describeKeys("mod+k")} className="ml-auto" />
        </Button>
        <ChatButton />
        <Button
          size="icon"
          tone="quiet"
          aria-label={toggle}
          title={toggle}
          onClick={() => setTheme(dark ? "light" : "dark")}
        >
          {dark ? <Sun /> : <Moon />}
        </Button>
      </div>
      <div className="flex items-center justify-between gap-2 px-1">
        <ConnectionBadge />
        <span className="truncate text-muted text-xs" title={`Signed in as ${props.user}`}>
          {props.user}
        </span>
      </div>
    </div>
  );
}
