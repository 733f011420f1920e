import type { ServicePresence } from "@caxton/contracts/placement";
import type { Finding } from "@caxton/contracts/system-status";
import { foundOr, ok, problem, some } from "./finding.ts";

/** What does not happen while there is none of a kind. */
const missed: Readonly<Record<string, string>> = {
  "agent-host": "no version is started, and one whose process ends stays away",
  "metrics-watcher": "nobody measures rates and errors",
  gateway: "clients cannot reach anything but the bus",
  ledger: "nobody accounts for messages",
  orchestrator: "commands wait and deployments stand still; the routes in force stay in force",
  shadow: "shadows are not compared",
  router: "messages wait in their inboxes",
  validator: "deployments stop at Validating",
};

/** Which kinds of service run. */
export function checkServices(services: readonly ServicePresence[]): readonly Finding[] {
  const counts = new Map<string, number>(Object.keys(missed).map((kind) => [kind, 0]));
  for (const { kind } of services) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const absent = [...counts].filter(([, count]) => count === 0).map(([kind]) => kind);
  const seen = [...counts].map(([kind, count]) => `${kind} ${count}`).join(", ");
  return foundOr(
    absent.map((kind) =>
      problem(
        "services",
        `no ${kind} runs: ${missed[kind] ?? ""}`,
        `start one: \`caxton up\` runs one of each, services/${kind}/src/main.ts one alone; if one was just started, its log says why it is not there`,
      ),
    ),
    ok("services", `${some(services.length, "service")}: ${seen}`),
  );
}
