import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  // One process for all files: one for each costs three times as much, and takes longest to start.
  test: { include: ["src/**/*.test.ts"], isolate: false },
});
