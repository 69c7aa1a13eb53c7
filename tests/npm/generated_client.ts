// Uses the types that openapi-typescript generates, with openapi-fetch, as their documentation says.
import createClient from "openapi-fetch";
import type { paths } from "./api.d.ts";

declare const process: { env: Record<string, string | undefined> };

const client = createClient<paths>({
  baseUrl: process.env.HARNESS_URL!,
  headers: { Authorization: `Bearer ${process.env.HARNESS_TOKEN}` },
});

const started = await client.POST("/api/v1/runs", {
  body: { agent: "assistant", prompt: "What is 6 * 7?", id: "six" },
});
if (started.error) throw new Error(started.error.detail);
const run: string = started.data.id;
console.log("started", run);

const end = await client.GET("/api/v1/runs/{run}/result", {
  params: { path: { run }, query: { wait: 30 } },
});
if (end.error) throw new Error(end.error.detail);

const listed = await client.GET("/api/v1/runs", { params: { query: { agent: "assistant" } } });
if (listed.error) throw new Error(listed.error.detail);
console.log("listed", listed.data.runs.some((row) => row.id === run));
console.log(end.data.state, end.data.output.split("\n")[0]);

const missing = await client.GET("/api/v1/runs/{run}", { params: { path: { run: "seven" } } });
console.log(missing.response.status, missing.error?.code);
