// Shows that a panel that fails takes nothing along.
export function mount() {
  throw new Error("This panel always fails.");
}
