import { api, call } from "@/api/client";
import type { RunLog } from "./run_log";

/** Finds out which calls the retries belong to that fit several: the log of attempts tells. */
export class RetryPlacer {
  private asking = false;
  private asked = 0;

  constructor(
    private readonly run: string,
    private readonly log: RunLog,
    private readonly onPlaced: () => void,
  ) {}

  /** Asks if something has been left over since the last time. */
  look(): void {
    const { unplaced } = this.log;
    if (unplaced.length === 0) this.asked = 0;
    if (this.asking || unplaced.length === this.asked) return;
    this.asking = true;
    this.asked = unplaced.length;
    void this.ask().finally(() => {
      this.asking = false;
    });
  }

  private async ask(): Promise<void> {
    const params = { path: { run: this.run } };
    const found = await call(api.GET("/api/v1/runs/{run}/attempts", { params })).catch(() => null);
    // A retry that is not in the log yet is looked for again when the next one comes.
    for (const each of found?.attempts ?? []) {
      if (each.kind === "run_tool" && each.turn != null && each.call != null)
        this.log.placeRetries(each.activity, each.turn, each.call);
    }
    if (this.log.unplaced.length === this.asked) return;
    this.asked = this.log.unplaced.length;
    this.onPlaced();
  }
}
