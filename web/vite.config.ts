import tailwindcss from "@tailwindcss/vite";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type ProxyOptions } from "vite";
import { listViewFiles } from "./preload";

/** Where `npm run dev` finds a daemon. */
const daemon = process.env["DAEMON"] ?? "http://127.0.0.1:7720";

/** Requests as the daemon's own page makes them: it refuses those of other pages. */
function toDaemon(ws: boolean): ProxyOptions {
  return { target: daemon, ws, changeOrigin: true, headers: { origin: daemon } };
}

/** Left alone, whatever two views share is a file of its own: many files of a few hundred bytes, each
 * of which a browser looks up, checks and links before a view can run. */
const CHUNKS = [
  { name: "shell", tags: ["$initial" as const], priority: 2 },
  {
    name: "icons",
    test: /lucide-react[\\/]dist[\\/]esm[\\/]icons/,
    minShareCount: 2,
    entriesAware: true,
    entriesAwareMergeThreshold: 4_000,
  },
];

export default defineConfig({
  // Relative, because the daemon may be mounted below another app.
  base: "./",
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true }),
    react(),
    tailwindcss(),
    listViewFiles(),
  ],
  resolve: {
    alias: {
      "@": "/src",
      // Radix locks scrolling with a <style> element, which the content security policy refuses.
      "react-style-singleton": new URL("./src/ui/style_singleton.ts", import.meta.url).pathname,
    },
  },
  build: {
    manifest: true,
    target: "es2024",
    assetsInlineLimit: 0, // `data:` fonts are refused by the content security policy
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: CHUNKS } } },
  },
  server: {
    proxy: {
      "/api": toDaemon(true),
      "/sign-in": toDaemon(false),
      "/health/ready": toDaemon(false),
    },
  },
});
