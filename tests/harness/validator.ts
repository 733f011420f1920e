import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJson, encodeJson } from "@caxton/bus/json";
import type { Bus } from "@caxton/bus/types";
import { defaultLimits } from "@caxton/contracts/limits";
import { checker } from "@caxton/contracts/schema";
import { artifactBucket, validateSubject } from "@caxton/contracts/subjects";
import { failureOf, ValidateAnswer, type ValidateRequest, type ValidationReport } from "@caxton/contracts/validation";
import { startBus } from "../bus/bus-harness.ts";
import { buildFixture } from "../fixtures/build-fixture.ts";
import { startServiceProcess, type ServiceProcess } from "./service-process.ts";

const validateAnswer = checker("the answer", ValidateAnswer);

export type Request = Partial<ValidateRequest> & { readonly digest: string };

/** A nats-server, a validator process with an empty cache, and what a test does with them. */
export interface ValidatorPath extends AsyncDisposable {
  readonly bus: Bus;
  readonly validator: ServiceProcess;
  /** What the validator logged. */
  logs(): string;
  /** Another validator process on the same bus and cache. */
  start(env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  /** Puts bytes under their digest, or under another one. @returns the name */
  upload(bytes: Uint8Array, name?: string): Promise<string>;
  ask(request: Request): Promise<ValidateAnswer>;
  /** @throws Error where the answer is no report */
  report(request: Request): Promise<ValidationReport>;
}

export async function startValidatorPath(): Promise<ValidatorPath> {
  const at = await startBus();
  const { bus } = at;
  const cacheDir = await mkdtemp(join(tmpdir(), "caxton-validator-"));
  const lines: string[] = [];
  const processes: ServiceProcess[] = [];

  async function start(env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
    const validator = await startServiceProcess({
      service: "validator",
      id: `validator-${processes.length}`,
      env: { CAXTON_NATS_URL: at.server.url, CAXTON_CACHE_DIR: cacheDir, ...env },
      onLine: (line) => lines.push(line),
    });
    processes.push(validator);
    return validator;
  }
  async function ask(request: Request): Promise<ValidateAnswer> {
    const whole = { deployment: "d1", agent: "orders", configuration: "{}", limits: { ...defaultLimits }, ...request };
    const message = await bus.request(validateSubject, encodeJson(whole), { timeoutMs: 35_000 });
    return validateAnswer.check(decodeJson(message.data));
  }
  return {
    bus,
    validator: await start(),
    logs: () => lines.join("\n"),
    start,
    ask,
    async upload(bytes, name = createHash("sha256").update(bytes).digest("hex")) {
      await (await bus.objects(artifactBucket)).put(name, new Blob([Uint8Array.from(bytes)]).stream());
      return name;
    },
    async report(request) {
      const answer = await ask(request);
      if ("busy" in answer) throw new Error(`no report: busy: ${answer.busy.reason}`);
      if ("error" in answer) throw new Error(`no report: ${answer.error.code}: ${answer.error.message}`);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((validator) => validator.kill("SIGTERM")));
      await at[Symbol.asyncDispose]();
      await rm(cacheDir, { recursive: true, force: true });
    },
  };
}

export async function fixture(nameOrPath: string): Promise<Uint8Array> {
  return readFile(await buildFixture(nameOrPath));
}

/** Where and why a report refuses, in one line: `contracts: output-undeclared: …`. */
export function refusal(report: ValidationReport): string {
  const failed = failureOf(report);
  return failed === undefined ? "passed" : `${failed.stage}: ${failed.finding.code}: ${failed.finding.message}`;
}
