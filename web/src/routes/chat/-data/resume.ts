/** Sends what waits in the browser's outbox, with no chat open. */
import { api, call } from "@/api/client";
import { outboxOf } from "./use_outbox";

void call(api.GET("/api/v1/me"))
  .then(({ user }) => outboxOf(user).wake())
  .catch(() => {}); // signed out or offline: the page says so, and the outbox keeps the messages
