import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { connect } from "node:net";
import process from "node:process";
import type { GatewayAddress } from "../gateway-address.ts";

/** What this machine sees without asking the gateway. */
export interface LocalFacts {
  readonly nodeVersion: string;
  readonly gateway: { readonly url: string; readonly source: string; readonly reached: string | undefined };
  readonly nats: NatsFacts;
  /** Of the disk that holds what `caxton up` keeps; absent where its folder is not known. */
  readonly disk?: { readonly folder: string; readonly freeBytes: number; readonly sizeBytes: number };
}

export interface NatsFacts {
  readonly url: string;
  readonly source: string;
  /** Why it was not reached. */
  readonly failure?: string;
  /** From the server's first line (INFO of the NATS protocol). */
  readonly version?: string;
  readonly jetStream?: boolean;
}

const connectTimeoutMs = 2_000;
const defaultNatsUrl = "nats://127.0.0.1:4222";

export async function readLocal(address: GatewayAddress): Promise<LocalFacts> {
  const run = runFileOf(address.source);
  const gatewayUrl = new URL(address.url);
  const [reached, nats, disk] = await Promise.all([
    firstLine(gatewayUrl.hostname, Number(gatewayUrl.port || 80), false),
    readNats(run),
    readDisk(run),
  ]);
  return {
    nodeVersion: process.version,
    gateway: { ...address, reached: "failure" in reached ? reached.failure : undefined },
    nats,
    ...(disk === undefined ? {} : { disk }),
  };
}

async function readNats(run: RunFile): Promise<NatsFacts> {
  const environment = process.env["CAXTON_NATS_URL"];
  const [url, source] =
    environment !== undefined && environment !== ""
      ? [environment, "from CAXTON_NATS_URL"]
      : run.natsUrl === undefined
        ? [defaultNatsUrl, "the default"]
        : [run.natsUrl, "from caxton.json"];
  const first = url.split(",")[0]?.trim() ?? url;
  const parsed = URL.canParse(first) ? new URL(first) : undefined;
  if (parsed === undefined) return { url, source, failure: "it is no URL" };
  // Without user and password.
  const shown = `${parsed.protocol}//${parsed.host}`;
  const hello = await firstLine(parsed.hostname, Number(parsed.port || 4222), true);
  if ("failure" in hello) return { url: shown, source, failure: hello.failure };
  return { url: shown, source, ...infoOf(hello.line) };
}

function infoOf(line: string): Pick<NatsFacts, "failure" | "version" | "jetStream"> {
  try {
    const info: unknown = JSON.parse(line.replace(/^INFO /, ""));
    if (typeof info === "object" && info !== null && "version" in info)
      return { version: String(info.version), jetStream: "jetstream" in info && info.jetstream === true };
  } catch {
    // What is not JSON is said below.
  }
  return { failure: `what answers there is no nats-server: ${line.slice(0, 60)}` };
}

/** Connects, and waits for what the other side says first where it is one that speaks first. */
function firstLine(
  host: string,
  port: number,
  speaksFirst: boolean,
): Promise<{ readonly line: string } | { readonly failure: string }> {
  return new Promise((resolve) => {
    const socket = connect({ host: host.replace(/^\[(.*)\]$/, "$1"), port });
    let said = "";
    const end = (result: { readonly line: string } | { readonly failure: string }): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(connectTimeoutMs, () => end({ failure: `nothing was heard within ${connectTimeoutMs} ms` }));
    socket.on("error", (error) => end({ failure: error.message }));
    socket.on("close", () => end({ failure: "the connection was closed" }));
    socket.on("connect", () => {
      if (!speaksFirst) end({ line: "" });
    });
    socket.on("data", (data) => {
      said += data.toString();
      const line = /^(.*?)\r?\n/.exec(said)?.[1];
      if (line !== undefined) end({ line });
    });
  });
}

interface RunFile {
  readonly natsUrl?: string;
  readonly dataDir?: string;
}

/** What `caxton up` wrote, where the gateway's address came from it. */
function runFileOf(source: string): RunFile {
  const file = /^from (.*caxton\.json)$/.exec(source)?.[1];
  if (file === undefined) return {};
  try {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof content !== "object" || content === null) return {};
    const natsUrl = "natsUrl" in content && typeof content.natsUrl === "string" ? { natsUrl: content.natsUrl } : {};
    const dataDir = "dataDir" in content && typeof content.dataDir === "string" ? { dataDir: content.dataDir } : {};
    return { ...natsUrl, ...dataDir };
  } catch {
    return {};
  }
}

async function readDisk({ dataDir }: RunFile): Promise<LocalFacts["disk"]> {
  if (dataDir === undefined) return undefined;
  try {
    const { bavail, blocks, bsize } = await statfs(dataDir);
    return { folder: dataDir, freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}
