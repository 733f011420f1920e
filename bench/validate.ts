/** How long a validation takes, cold and with the digest prepared before: `node bench/validate.ts [rounds]`. */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { fixture, startValidatorPath } from "../tests/harness/validator.ts";

const rounds = Number(process.argv[2] ?? 3);
const quakeWatch = await fixture(fileURLToPath(new URL("../examples/quake-watch/v1.js", import.meta.url)));
const next = await fixture(fileURLToPath(new URL("../examples/quake-watch/v2.js", import.meta.url)));

for (let round = 0; round < rounds; round += 1) {
  await using path = await startValidatorPath();
  const first = await path.upload(quakeWatch);
  const second = await path.upload(next);
  for (const [name, request] of [
    ["v1, cold", { digest: first }],
    ["v1, cached", { digest: first }],
    ["v2 against v1, cold", { digest: second, live: { version: "quake-v1-00000", digest: first } }],
    ["v2 against v1, cached", { digest: second, live: { version: "quake-v1-00000", digest: first } }],
  ] as const) {
    const startedMs = performance.now();
    const report = await path.report(request);
    const tookMs = performance.now() - startedMs;
    const stages = (["static", "sandbox", "contracts", "resources"] as const).map(
      (stage) => `${stage} ${Math.round(report[stage]?.durationMs ?? 0)}`,
    );
    const { passed, contracts, resources } = report;
    process.stdout.write(
      `${name}: ${Math.round(tookMs)} ms (${stages.join(", ")}) passed ${passed}, compatible ${contracts?.compatible}, ` +
        `p50 ${resources?.messageP50Ms?.toFixed(3)} ms, p99 ${resources?.messageP99Ms?.toFixed(3)} ms\n`,
    );
    if (!passed) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  }
}
