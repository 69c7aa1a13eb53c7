import { Bell, BellOff, BellRing } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/button";
import { notify } from "@/ui/notify";
import { Tooltip } from "@/ui/tooltip";
import { type NoticeState, noticeState, turnOff, turnOn } from "./desktop_notice";
import { startNotices } from "./inbox";

/** Turns notices of the desktop on and off; the browser asks for permission at this click only. */
export function NoticeButton() {
  const [state, setState] = useState<NoticeState>(noticeState);
  if (state === "unsupported") return null;
  const turn = async () => {
    if (state === "on") {
      turnOff();
      setState("off");
      return;
    }
    const now = await turnOn();
    setState(now);
    if (now === "on") void startNotices();
    if (now === "denied") {
      notify("The browser blocks notices of this page. Allow them in its settings for this site.");
    }
  };
  const Icon = state === "on" ? BellRing : state === "denied" ? BellOff : Bell;
  const text = state === "on" ? "Notices are on" : "Notify me";
  return (
    <Tooltip text="Shows a notice of the desktop when something new waits and no tab is on screen">
      <Button size="sm" aria-pressed={state === "on"} onClick={() => void turn()}>
        <Icon aria-hidden /> {text}
      </Button>
    </Tooltip>
  );
}
