/** Pauses between attempts: each twice as long as the one before, up to the longest. */
export class Backoff {
  private pause: number;

  constructor(
    private readonly first: number,
    private readonly longest: number,
  ) {
    this.pause = first;
  }

  /** The next pause in milliseconds. Half of it is random: what failed together must not come back
   * at the same moment. */
  next(): number {
    const now = this.pause * (0.5 + Math.random() / 2);
    this.pause = Math.min(this.pause * 2, this.longest);
    return now;
  }

  reset(): void {
    this.pause = this.first;
  }

  /** Makes the next pause the longest. */
  slowDown(): void {
    this.pause = this.longest;
  }
}
