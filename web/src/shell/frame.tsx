import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { Menu } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useLiveStatus } from "@/api/live";
import { Problem } from "@/api/problem";
import { meQuery } from "@/api/queries";
import { root } from "@/api/root";
import { useSession } from "@/api/session";
import { useKeys } from "@/parts/keys";
import { ProblemCard } from "@/parts/problem_card";
import { Button } from "@/ui/button";
import { ChatButton } from "./chat_button";
import { ConnectionBadge } from "./connection_badge";
import { Foot } from "./foot";
import { Nav } from "./nav";
import { useShellCommands } from "./shell_commands";

// None of these is needed for the first paint.
const Palette = lazy(() => import("./palette"));
const KeyList = lazy(() => import("./key_list"));
const SignInPage = lazy(() => import("./sign_in_page"));
const OtherUserPage = lazy(() => import("./other_user_page"));
const NavDrawer = lazy(() => import("./nav_drawer"));

const AGAIN_MS = 3_000;

function canPass(error: Error | null): boolean {
  return error !== null && ["offline", "server", "busy"].includes(Problem.of(error).kind);
}

/** Read when the page loads: the first route changes the address. */
const isLinkStale = new URLSearchParams(location.search).get("sign-in") === "expired";

/** What stands around every view. `beside`: what opens beside it. */
export function Frame(props: { beside: ReactNode }) {
  const me = useQuery({
    ...meQuery,
    refetchInterval: ({ state }) => (canPass(state.error) ? AGAIN_MS : false),
  });
  const session = useSession();
  if (session.kind === "signed_out") return <SignIn />;
  if (session.kind === "other")
    return (
      <Suspense>
        <OtherUserPage user={session.user} />
      </Suspense>
    );
  if (me.error && Problem.of(me.error).kind === "signed_out") return <SignIn />;
  if (me.error && !me.data) {
    return (
      <main className="mx-auto flex h-full max-w-md flex-col justify-center gap-4 px-6">
        <img src={`${root}/favicon.svg`} alt="" className="size-10" />
        <h1 className="text-2xl tracking-[-1px]">harness cannot be reached</h1>
        <ProblemCard error={me.error} retry={() => void me.refetch()} />
      </main>
    );
  }
  if (!me.data) return null;
  return <SignedIn user={me.data.user} beside={props.beside} />;
}

function SignedIn(props: { user: string; beside: ReactNode }) {
  const [palette, setPalette] = useState(false);
  const [keyList, setKeyList] = useState(false);
  useKeys();
  useShellCommands(
    () => setPalette(true),
    () => setKeyList(true),
  );
  // The session was revoked: what is on screen is no longer theirs to see.
  if (useLiveStatus() === "signed_out") return <SignIn />;
  return (
    <>
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
        {props.beside}
      </Suspense>
    </>
  );
}

function TopBar(props: { user: string; onSearch: () => void }) {
  const [open, setOpen] = useState(false);
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-b px-3 md:hidden">
      <Button
        size="icon"
        tone="quiet"
        aria-label="Open the list of views"
        aria-expanded={open}
        onClick={() => setOpen(true)}
      >
        <Menu />
      </Button>
      <Suspense>{open && <NavDrawer {...props} onClose={() => setOpen(false)} />}</Suspense>
      <span className="font-semibold">harness</span>
      <span className="ml-auto flex items-center gap-2">
        <ConnectionBadge />
        <ChatButton />
      </span>
    </header>
  );
}

function SignIn() {
  return (
    <Suspense>
      <SignInPage stale={isLinkStale} />
    </Suspense>
  );
}
