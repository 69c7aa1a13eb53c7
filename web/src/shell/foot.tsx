import { Moon, Search, Sun } from "lucide-react";
import { describeKeys } from "@/parts/keys";
import { setTheme, useIsDark } from "@/parts/theme";
import { Button } from "@/ui/button";
import { Kbd } from "@/ui/kbd";
import { ChatButton } from "./chat_button";
import { ConnectionBadge, ConnectionTrouble } from "./connection_badge";

/** What stands below the list of views: search, theme, connection, user. */
export function Foot(props: { user: string; onSearch: () => void }) {
  const dark = useIsDark();
  const toggle = dark ? "Use the light theme" : "Use the dark theme";
  return (
    <div className="mt-auto flex flex-col gap-2">
      <Button size="sm" className="justify-start" onClick={props.onSearch}>
        <Search aria-hidden /> Search
        <Kbd keys={describeKeys("mod+k")} className="ml-auto" />
      </Button>
      <div className="pl-1 empty:hidden">
        <ConnectionTrouble />
      </div>
      <div className="flex items-center gap-0.5 pl-1">
        <div className="flex min-w-0 flex-1 flex-col items-start">
          <ConnectionBadge />
          <span
            className="max-w-full truncate text-muted text-xs"
            title={`Signed in as ${props.user}`}
          >
            {props.user}
          </span>
        </div>
        {/* On a narrow screen it stands in the bar above the view. */}
        <span className="hidden md:contents">
          <ChatButton />
        </span>
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
    </div>
  );
}
