import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { BootstrapError, runStep } from "./run-step.mjs";

/** Where package managers put it although an ordinary user's PATH may not name the folder. */
const USUAL_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

const HOW_TO_GET_IT =
  "nats-server is missing: install it (`brew install nats-server`, `sudo apt-get install nats-server`, " +
  "https://github.com/nats-io/nats-server/releases) or set CAXTON_NATS_SERVER to its path";

/**
 * Path of nats-server: CAXTON_NATS_SERVER, else PATH, else the usual folders, else installed with apt where that is possible.
 *
 * @returns {Promise<string>}
 * @throws {BootstrapError} saying how to get it
 */
export async function ensureNatsServer() {
  const named = process.env.CAXTON_NATS_SERVER;
  if (named) {
    if (isExecutable(named)) return named;
    throw new BootstrapError(`CAXTON_NATS_SERVER is ${named}, which is no executable file; correct it or unset it`);
  }
  const found = find("nats-server");
  if (found) return found;
  const apt = find("apt-get");
  if (!apt || process.getuid?.() !== 0) throw new BootstrapError(HOW_TO_GET_IT);
  await installWithApt(apt);
  const installed = find("nats-server");
  if (!installed) throw new BootstrapError(`apt installed no usable nats-server. ${HOW_TO_GET_IT}`);
  return installed;
}

async function installWithApt(apt) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const advice = { env, missing: HOW_TO_GET_IT, failed: HOW_TO_GET_IT };
  await runStep({ title: "updating apt's package lists", command: apt, args: ["update"], ...advice });
  await runStep({
    title: "installing nats-server with apt",
    command: apt,
    args: ["install", "-y", "--no-install-recommends", "nats-server"],
    ...advice,
  });
  // Debian's package starts a service on port 4222; nobody asked for that. Where systemd does not run this fails, and nothing runs.
  spawnSync("systemctl", ["disable", "--now", "nats-server.service"], { stdio: "ignore" });
}

function find(name) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...USUAL_FOLDERS];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
