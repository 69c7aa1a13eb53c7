import { OtherActions } from "./-other/other_actions";

/** What can be done with the run, at the right of its header. To add something: a line here, its
 * component in a file of its own. */
export function RunActions() {
  return <OtherActions />;
}
