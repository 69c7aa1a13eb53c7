/** Who did something. A client names its process after the user: "ana (sent by root@vm)". */
const SENT_BY = / \(sent by ([^()]*)\)$/;

export function nameOf(by: string): string {
  return by.replace(SENT_BY, "") || by;
}

/** The user; the process in a tooltip. */
export function By({ by }: { by: string }) {
  const sender = SENT_BY.exec(by)?.[1];
  const title = sender && `${nameOf(by)}, with the command line or a program running as ${sender}`;
  return <span title={title}>{nameOf(by)}</span>;
}
