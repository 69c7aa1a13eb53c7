/** The title of the browser's tab: what waits for the person, and what the view shows. */

let waiting = 0;
let text = "harness";

function write(): void {
  document.title = waiting > 0 ? `(${waiting}) ${text}` : text;
}

export function setPageTitle(title: string): void {
  text = title;
  write();
}

export function setWaitingCount(count: number): void {
  waiting = count;
  write();
}
