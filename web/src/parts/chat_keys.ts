/** Keys of the browser's storage that the chat shares with other parts of the page. */
import { browserName } from "@/api/browser_name";

/** How the keys of messages that were not sent yet begin. */
export const OUTBOX = browserName("chat.out.");
/** The agent that was chosen last: a new chat begins with it. */
export const CHAT_AGENT = browserName("chat.agent");
