import type { Finding } from "@caxton/contracts/system-status";
import { bytes } from "../format/quantity.ts";
import type { LocalFacts, NatsFacts } from "./local-facts.ts";

const freeWarningBytes = 5 * 1024 ** 3;
const freeProblemBytes = 1024 ** 3;

/** What this machine sees, the gateway aside. */
export function localFindings({ nodeVersion, gateway, nats, disk }: LocalFacts): readonly Finding[] {
  const major = Number(/^v(\d+)/.exec(nodeVersion)?.[1] ?? 0);
  return [
    major < 20
      ? problem("node here", `this command runs on Node ${nodeVersion}`, "install Node 20 or newer")
      : ok("node here", `this command runs on Node ${nodeVersion}`),
    gateway.reached === undefined
      ? ok("gateway", `${gateway.url} (${gateway.source}) takes connections`)
      : problem(
          "gateway",
          `nothing takes connections at ${gateway.url} (${gateway.source}): ${gateway.reached}`,
          "`caxton up` starts one; --gateway or CAXTON_GATEWAY names another. Without it only what is seen from here is checked",
        ),
    natsFinding(nats, gateway.reached === undefined),
    ...(disk === undefined ? [] : [diskFinding(disk)]),
  ];
}

function natsFinding({ url, source, failure, version, jetStream }: NatsFacts, gatewayIsUp: boolean): Finding {
  if (failure !== undefined) {
    const seen = `no nats-server is seen from here at ${url} (${source}): ${failure}`;
    // The gateway has a bus of its own; it says below how that is.
    if (gatewayIsUp && source === "the default")
      return ok("nats-server here", `${seen}; CAXTON_NATS_URL would name the one to look at`);
    const advice =
      "`caxton up` starts one of its own; else start nats-server -js, or give its address in CAXTON_NATS_URL";
    return problem("nats-server here", seen, advice);
  }
  const seen = `nats-server ${version ?? ""} answers at ${url} (${source})`;
  if (jetStream !== true) return problem("nats-server here", `${seen}, without JetStream`, "start it with -js");
  return ok("nats-server here", `${seen}, with JetStream`);
}

function diskFinding({ folder, freeBytes, sizeBytes }: NonNullable<LocalFacts["disk"]>): Finding {
  const seen = `${bytes(freeBytes)} of ${bytes(sizeBytes)} are free where ${folder} is`;
  const advice = "make room: when the disk is full nats-server refuses every write; what it acknowledged is kept";
  if (freeBytes < freeProblemBytes) return problem("disk", seen, advice);
  if (freeBytes < freeWarningBytes) return { check: "disk", result: "warning", seen, advice };
  return ok("disk", seen);
}

function ok(check: string, seen: string): Finding {
  return { check, result: "ok", seen, advice: "" };
}

function problem(check: string, seen: string, advice: string): Finding {
  return { check, result: "problem", seen, advice };
}
