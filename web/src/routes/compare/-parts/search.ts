/** What the address of a comparison has. */
export interface CompareSearch {
  left?: string;
  right?: string;
  /** Whether what is the same is shown too. */
  all?: true;
}
