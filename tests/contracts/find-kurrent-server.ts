import process from "node:process";
import { hasEngine, startContainer } from "./kurrent-container.ts";
import { startKurrentProcess } from "../harness/kurrent-process.ts";
import type { KurrentServer } from "../harness/kurrent-server.ts";

export interface FoundServer {
  readonly start?: () => Promise<KurrentServer>;
  readonly why: string;
}

/** How a real server is to be had: `KURRENTDB_URL`, with `KURRENTDB_COMMAND` to start it, or a container engine; or not at all, and then why. */
export async function findKurrentServer(): Promise<FoundServer> {
  const url = process.env["KURRENTDB_URL"] ?? "";
  const command = process.env["KURRENTDB_COMMAND"] ?? "";
  if (url !== "" && command !== "") return { why: "KURRENTDB_COMMAND", start: () => startKurrentProcess(command, url) };
  if (url !== "")
    return { why: "KURRENTDB_URL", start: async () => ({ url, [Symbol.asyncDispose]: async () => undefined }) };
  if (await hasEngine()) return { why: "a container", start: startContainer };
  return { why: "KURRENTDB_URL is not set and no container engine answers" };
}
