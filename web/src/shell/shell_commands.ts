import { useNavigate } from "@tanstack/react-router";
import { Keyboard, LogOut, Moon, Search, Sun } from "lucide-react";
import { useCommands } from "@/parts/commands";
import { setTheme, useIsDark } from "@/parts/theme";
import { PLACES } from "./nav";
import { signOut } from "./sign_out";

/** Offers what can be done in every view. */
export function useShellCommands(openPalette: () => void, openKeys: () => void): void {
  const navigate = useNavigate();
  const dark = useIsDark();
  useCommands([
    ...PLACES.map((place) => ({
      id: `go${place.to}`,
      title: place.title,
      group: "Go to",
      keys: place.keys,
      icon: place.icon,
      run: () => void navigate({ to: place.to }),
    })),
    {
      id: "palette",
      title: "Find a command",
      group: "Page",
      keys: "mod+k",
      icon: Search,
      run: openPalette,
    },
    {
      id: "theme",
      title: dark ? "Use the light theme" : "Use the dark theme",
      group: "Page",
      icon: dark ? Sun : Moon,
      run: () => setTheme(dark ? "light" : "dark"),
    },
    { id: "keys", title: "List the keys", group: "Page", keys: "?", icon: Keyboard, run: openKeys },
    { id: "sign-out", title: "Sign out", group: "Page", icon: LogOut, run: () => void signOut() },
  ]);
}
