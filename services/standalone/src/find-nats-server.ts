import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { CaxtonError } from "@caxton/contracts/errors";

/** Where package managers put it although an ordinary user's PATH may not name the folder. */
const usualFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

/** CAXTON_NATS_SERVER, else PATH, else the usual folders. @throws CaxtonError `bus-unavailable` that says how to get it */
export function findNatsServer(env: Readonly<Record<string, string | undefined>>): string {
  const named = env["CAXTON_NATS_SERVER"];
  if (named !== undefined && named !== "") {
    if (isExecutable(named)) return named;
    throw new CaxtonError(
      "bus-unavailable",
      `CAXTON_NATS_SERVER is ${named}, which is no executable file; correct it or unset it`,
    );
  }
  const folders = [...(env["PATH"] ?? "").split(delimiter), ...usualFolders];
  const found = folders.map((folder) => join(folder, "nats-server")).find(isExecutable);
  if (found !== undefined) return found;
  throw new CaxtonError(
    "bus-unavailable",
    "nats-server is missing: apt-get install nats-server, brew install nats-server, or set CAXTON_NATS_SERVER to its file",
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
