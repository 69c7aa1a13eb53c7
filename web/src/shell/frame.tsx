import { useQuery } from "@tanstack/react-query";
import { Outlet, useNavigate } from "@tanstack/react-router";
import { Keyboard, LogOut, Menu as MenuIcon, Moon, Search, Sun, X } from "lucide-react";
import { Dialog } from "radix-ui";
import { lazy, Suspense, useState } from "react";
import { api } from "@/api/client";
import { useLiveStatus } from "@/api/live";
import { Problem } from "@/api/problem";
import { meQuery } from "@/api/queries";
import { root } from "@/api/root";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { Kbd } from "@/ui/kbd";
import { Tooltip, TooltipRoot } from "@/ui/tooltip";
import { useCommands } from "./commands";
import { ConnectionBadge } from "./connection_badge";
import { describeKeys, useKeys } from "./keys";
import { Nav, PLACES } from "./nav";
import { SignInPage } from "./sign_in_page";
import { setTheme, useIsDark } from "./theme";

const Palette = lazy(() => import("./palette"));
const KeyList = lazy(() => import("./key_list"));
const ChatPanel = lazy(() => import("./chat_panel"));

/** What stands around every view. */
export function Frame() {
  const me = useQuery(meQuery);
  if (me.error && Problem.of(me.error).kind === "signed_out") return <SignInPage />;
  if (me.error) {
    return (
      <main className="mx-auto max-w-lg p-6">
        <ProblemCard error={me.error} retry={() => void me.refetch()} />
      </main>
    );
  }
  if (!me.data) return null;
  return <SignedIn user={me.data.user} />;
}

function SignedIn(props: { user: string }) {
  const [palette, setPalette] = useState(false);
  const [keyList, setKeyList] = useState(false);
  useKeys();
  useShellCommands(
    () => setPalette(true),
    () => setKeyList(true),
  );
  // The session was revoked: what is on screen is no longer theirs to see.
  if (useLiveStatus() === "signed_out") return <SignInPage />;
  return (
    <TooltipRoot delayDuration={400}>
      <a
        href="#view"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-raised focus:px-3 focus:py-2"
      >
        Skip to the view
      </a>
      <div className="flex h-full flex-col md:flex-row">
        <aside className="hidden w-52 shrink-0 flex-col border-r p-3 md:flex">
          <p className="px-2.5 pt-1 pb-4 font-semibold text-base tracking-tight">harness</p>
          <Nav />
          <Foot user={props.user} onSearch={() => setPalette(true)} />
        </aside>
        <TopBar onSearch={() => setPalette(true)} user={props.user} />
        <main id="view" tabIndex={-1} className="min-h-0 min-w-0 flex-1 outline-none">
          <Outlet />
        </main>
      </div>
      <Suspense>
        {palette && <Palette open onOpenChange={setPalette} />}
        {keyList && <KeyList open onOpenChange={setKeyList} />}
        <ChatPanel />
      </Suspense>
    </TooltipRoot>
  );
}

function useShellCommands(openPalette: () => void, openKeys: () => void): void {
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

/** Ends the session, and forgets what the page has read. */
async function signOut(): Promise<void> {
  await api.POST("/api/v1/sign-out");
  location.assign(`${root}/`);
}

function Foot(props: { user: string; onSearch: () => void }) {
  const dark = useIsDark();
  return (
    <div className="mt-auto flex flex-col gap-2">
      <div className="flex items-center gap-1.5">
        <Button size="sm" className="flex-1 justify-start" onClick={props.onSearch}>
          <Search aria-hidden /> Search
          <Kbd keys={describeKeys("mod+k")} className="ml-auto" />
        </Button>
        <Tooltip text={dark ? "Light theme" : "Dark theme"}>
          <Button
            size="icon"
            tone="quiet"
            aria-label={dark ? "Use the light theme" : "Use the dark theme"}
            onClick={() => setTheme(dark ? "light" : "dark")}
          >
            {dark ? <Sun /> : <Moon />}
          </Button>
        </Tooltip>
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

function TopBar(props: { user: string; onSearch: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-b px-3 md:hidden">
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Trigger asChild>
          <Button size="icon" tone="quiet" aria-label="Open the list of views">
            <MenuIcon />
          </Button>
        </Dialog.Trigger>
        <Dialog.Portal>
          <Dialog.Overlay className="fixed inset-0 z-40 bg-black/35" />
          <Dialog.Content
            aria-describedby={undefined}
            className="fixed inset-y-0 left-0 z-50 flex w-64 flex-col border-r bg-canvas p-3"
          >
            <div className="flex items-center justify-between pb-3">
              <Dialog.Title className="px-2.5 text-base">harness</Dialog.Title>
              <Dialog.Close asChild>
                <Button size="icon" tone="quiet" aria-label="Close">
                  <X />
                </Button>
              </Dialog.Close>
            </div>
            <Nav onChoose={() => setOpen(false)} />
            <Foot
              user={props.user}
              onSearch={() => {
                setOpen(false);
                props.onSearch();
              }}
            />
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
      <span className="font-semibold">harness</span>
      <span className="ml-auto">
        <ConnectionBadge />
      </span>
    </header>
  );
}
