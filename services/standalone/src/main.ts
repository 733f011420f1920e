import process from "node:process";
import { errorCodes, toCaxtonError } from "@caxton/contracts/errors";
import { keepMessagesYoung } from "@caxton/service/heap";
import { parseOptions } from "./options.ts";

keepMessagesYoung();
const startedMs = performance.now();
const seconds = (): string => `(${((performance.now() - startedMs) / 1000).toFixed(1)}s)`;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
// Whoever read our lines may leave; we stay.
process.stdout.on("error", () => undefined);

const stopAsked = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
});

try {
  const options = parseOptions(process.argv.slice(2), process.env, process.cwd());
  const busReady = (natsUrl: string): void => {
    if (!options.json) say(`✓ Bus ready at ${natsUrl} ${seconds()}`);
  };
  // After the options, so that a wrong one is refused before every service is loaded.
  const { startStandalone } = await import("./service.ts");
  const standalone = await startStandalone(options, { busReady });
  const { addresses } = standalone;
  if (options.json) {
    say(JSON.stringify(addresses));
  } else {
    say(`✓ Services ready ${seconds()}`);
    say(`→ Gateway: ${addresses.httpUrl} (Connect, JSON), ${addresses.grpcUrl} (gRPC)`);
    say(`→ Data: ${addresses.dataDir}, log in ${addresses.logFile}`);
    say("→ Ctrl-C stops everything");
  }
  await stopAsked;
  if (!options.json) say("→ Stopping");
  await standalone.close();
  // Whatever a dependency left open must not keep us alive.
  process.exit(0);
} catch (error) {
  const { code, message } = toCaxtonError(error);
  process.stderr.write(`caxton: ${message} (${code})\n`);
  process.exit(errorCodes[code].exit);
}
