/** Short notices at the edge of the page. Loaded with the first one: most visits see none. */

let parts: Promise<typeof import("./notices")> | undefined;

function load(): Promise<typeof import("./notices")> {
  parts ??= import("./notices");
  return parts;
}

/** Says what was done. */
export function notify(text: string): void {
  void load().then((notices) => notices.show(text));
}

/** Says what did not work, and what to do. */
export function notifyProblem(title: string, detail: string): void {
  void load().then((notices) => notices.showProblem(title, detail));
}
