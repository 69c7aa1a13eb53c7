import "./bars.css";

/** How parts of time look: patterns beside colours, so that colour is never alone. */
export const BARS = {
  model: "bg-info",
  tool: "bg-good",
  queue: "bar-queue",
  check: "bg-secondary",
  wait: "bar-wait",
  pause: "bar-wait",
  failed: "bg-bad",
} as const;
