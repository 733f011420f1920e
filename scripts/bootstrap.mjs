import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureNatsServer } from "./nats-server.mjs";
import { BootstrapError, runStep } from "./run-step.mjs";
import { root, runtime } from "./run-with-runtime.mjs";

const OLDEST_NODE = 20;
const PNPM = "pnpm@12.21.0";
const WORKSPACE_FOLDERS = ["libs", "services", "apps"];
const stamp = join(root, "node_modules", ".caxton-installed");

/**
 * Makes everything present that the workspace needs: packages, the pinned Node, nats-server.
 * Does and says nothing when nothing changed since the last time.
 *
 * @returns {Promise<{ env: NodeJS.ProcessEnv }>} the environment for programs of the workspace: the pinned tools first on PATH
 * @throws {BootstrapError} with what is wrong and how to mend it
 */
export async function bootstrap() {
  checkNodeVersion();
  await installPackages();
  const natsServer = await ensureNatsServer();
  const path = `${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}`;
  return { env: { ...process.env, PATH: path, CAXTON_NATS_SERVER: natsServer } };
}

/** Bootstraps, then calls `start`; prints a BootstrapError as one line and exits with 69 (something is unavailable). */
export async function bootstrapThen(start) {
  try {
    start(await bootstrap());
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 69;
  }
}

function checkNodeVersion() {
  if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) return;
  throw new BootstrapError(
    `this is Node ${process.versions.node}; Node ${OLDEST_NODE} or newer is needed to start (https://nodejs.org, or your package manager)`,
  );
}

async function installPackages() {
  const digest = digestOfManifests();
  if (existsSync(runtime) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  await runStep({
    title: `installing packages with ${PNPM}`,
    command: "npx",
    args: ["--yes", PNPM, "install", "--frozen-lockfile", "--config.confirmModulesPurge=false"],
    cwd: root,
    missing:
      "npx is missing: install npm, it usually comes with Node (https://nodejs.org; on Debian `apt-get install npm`)",
    failed:
      "If this is the network, check that the npm registry can be reached (`npm ping`; `npm config get proxy`) and run again",
  });
  checkRuntime();
  writeFileSync(stamp, digest);
}

function checkRuntime() {
  const { version } = JSON.parse(readFileSync(join(root, "node_modules", "node", "package.json"), "utf8"));
  const answer = spawnSync(runtime, ["--version"], { encoding: "utf8" });
  if (answer.stdout?.trim() === `v${version}`) return;
  throw new BootstrapError(
    `the pinned Node ${version} is not usable (${runtime} answers ${answer.stdout?.trim() || answer.error?.message || answer.stderr}); ` +
      "its install step runs npm: check that `npm --version` works, remove node_modules and run again",
  );
}

/** Changes with anything that changes what an install would do. */
function digestOfManifests() {
  const packages = WORKSPACE_FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name, "package.json")),
  );
  const manifests = [
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "package.json",
    "tests/package.json",
    ...packages.toSorted(),
  ];
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${PNPM}`);
  for (const manifest of manifests) {
    const path = join(root, manifest);
    if (existsSync(path)) hash.update(`\n${manifest}\n`).update(readFileSync(path));
  }
  return hash.digest("hex");
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await bootstrapThen(() => {});
}
