/** Where a dialog puts the cursor: into its first field, not on the button that closes it. */

const FIELDS = 'input:not([type="hidden"], [type="file"]), textarea, select';

/** For `onOpenAutoFocus`; `data-body` marks what takes the focus, and scrolls by keys, where there is
 * no field. */
export function focusFirstField(event: Event): void {
  const dialog = event.currentTarget;
  if (!(dialog instanceof HTMLElement)) return;
  const body = dialog.querySelector<HTMLElement>("[data-body]");
  // On a touch screen, a keyboard would cover half of what has just opened.
  const isTouch = matchMedia("(pointer: coarse)").matches;
  const field = isTouch ? undefined : [...(body?.querySelectorAll(FIELDS) ?? [])].find(isFree);
  const target = field ?? body;
  if (!(target instanceof HTMLElement)) return;
  event.preventDefault();
  target.focus();
}

function isFree(field: Element): boolean {
  return !field.matches(":disabled") && field.checkVisibility();
}
