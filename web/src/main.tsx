import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRouter, RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { browserName } from "@/api/browser_name";
import { openLive, prepareLive } from "@/api/live";
import { Problem } from "@/api/problem";
import { meQuery } from "@/api/queries";
import { root } from "@/api/root";
import { routeTree } from "./routeTree.gen";
import "./styles.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What the daemon has refused, it refuses again.
      retry: (failures, error) =>
        failures < 3 && ["offline", "server", "busy"].includes(Problem.of(error).kind),
    },
  },
});

// Text is shown before its font is there.
void import("./fonts.css");
prepareLive();
// What every view waits for is asked for while the code of the view is fetched.
void queries.prefetchQuery(meQuery).then(() => {
  if (queries.getQueryData(meQuery.queryKey)) openLive(); // nobody's page opens no stream
});

const router = createRouter({
  routeTree,
  basepath: root || "/",
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

const RELOADED = browserName("reloaded");

// After an upgrade of the daemon, a page that is open asks for files that are gone. If they are
// still gone after that, reloading again would not help.
addEventListener("vite:preloadError", () => {
  const last = Number(sessionStorage.getItem(RELOADED));
  if (Date.now() - last < 60_000) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
});

const host = document.getElementById("root");
if (host) {
  createRoot(host).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
