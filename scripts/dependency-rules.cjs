// The layout's rules (ARCHITECTURE.md): dependencies point one way, and each foreign library has one importer.
// `root` is a pattern for what stands before libs/, services/ …: empty for the tree itself,
// tests/tooling/violations/<rule>/ for the planted violations that prove each rule.

const TEST = "[.]test[.]ts$";
/** Files that are started as a program, a process or a worker instead of being imported. */
const STARTED = "[/-](main|worker|process)[.]ts$";

/** A package, resolved into node_modules or, when it is not installed, as written in the import. */
const packages = (...names) => `(^|node_modules/)(${names.join("|")})(/|$)`;

/** @param {string} root @returns {import("dependency-cruiser").IForbiddenRuleType[]} */
module.exports = function dependencyRules(root) {
  const at = (path) => `^${root}${path}`;
  const ours = at("(libs|services|apps)/");

  const onlyImporter = (name, folders, ...names) => ({
    name,
    severity: "error",
    comment: `only ${folders.join(", ")} may import ${names.join(", ")}`,
    from: { path: at(""), pathNot: at(`(${folders.join("|")})/`) },
    to: { path: packages(...names) },
  });

  return [
    {
      name: "deployment-imports-nothing",
      severity: "error",
      comment: "the domain is pure: no package, no Node module, nothing of ours",
      from: { path: at("libs/deployment/"), pathNot: TEST },
      to: { pathNot: at("libs/deployment/") },
    },
    {
      name: "contracts-import-deployment-only",
      severity: "error",
      comment: "what crosses the bus knows the domain, the schema libraries and how to take a digest",
      from: { path: at("libs/contracts/"), pathNot: TEST },
      to: {
        pathNot: [at("libs/(contracts|deployment)/"), packages("typebox", "ajv", "@bufbuild/protobuf"), "^crypto$"],
      },
    },
    {
      name: "deployment-file-imports-deployment-only",
      severity: "error",
      comment: "reading a deployment file is pure: text in, a plan in the domain's words or problems out",
      from: { path: at("libs/deployment-file/"), pathNot: TEST },
      to: {
        pathNot: [at("libs/(deployment|deployment-file)/"), packages("yaml", "fastest-levenshtein")],
      },
    },
    {
      name: "core-imports-domain-only",
      severity: "error",
      comment:
        "core/ decides, adapters/ do: core imports the domain, the contracts, its own core files, and what only computes: a sketch of quantiles, the word that was meant",
      from: { path: at("(services|libs)/([^/]+)/src/(core|.+/core)/"), pathNot: TEST },
      to: {
        pathNot: [
          at("libs/(contracts|deployment)/"),
          at("$1/$2/src/(core|.+/core)/"),
          "@datadog/sketches-js/",
          at("libs/deployment-file/src/nearest[.]ts$"),
        ],
      },
    },
    {
      name: "libs-do-not-import-services",
      severity: "error",
      from: { path: at("libs/") },
      to: { path: at("(services|apps)/") },
    },
    {
      name: "services-stand-apart",
      severity: "error",
      comment: "services talk over the bus; only standalone imports them all",
      from: { path: at("services/([^/]+)/"), pathNot: at("services/standalone/") },
      to: { path: at("(services|apps)/"), pathNot: at("services/$1/") },
    },
    {
      name: "standalone-imports-no-app",
      severity: "error",
      from: { path: at("services/standalone/") },
      to: { path: at("apps/") },
    },
    {
      name: "apps-import-contracts-only",
      severity: "error",
      comment:
        "apps are clients of the contracts (and of what is pure: the domain, deployment files), never of a service",
      from: { path: at("apps/([^/]+)/") },
      to: { path: ours, pathNot: [at("libs/(contracts|deployment|deployment-file)/"), at("apps/$1/")] },
    },
    onlyImporter("only-bus-imports-nats", ["libs/bus", "tests/auditor", "tests/harness"], "@nats-io/[^/]+", "nats"),
    onlyImporter("only-wasm-agent-imports-jco", ["libs/wasm-agent", "tests/fixtures"], "@bytecodealliance/[^/]+"),
    {
      name: "only-type-imports-typebox",
      severity: "error",
      comment: "TypeBox gives types; loading it costs every process 0.1 s and 26 MB: import libs/contracts/src/type.ts",
      from: { path: at(""), pathNot: at("libs/contracts/src/type([.]test)?[.]ts$") },
      to: { path: packages("typebox") },
    },
    onlyImporter(
      "only-event-store-imports-kurrent",
      ["libs/event-store", "tests/kurrent-stand-in", "tests/contracts"],
      "@kurrent/[^/]+",
      "@eventstore/[^/]+",
    ),
    onlyImporter("only-telemetry-imports-pino-and-otel", ["libs/telemetry"], "pino", "@opentelemetry/[^/]+"),
    onlyImporter("only-deployment-file-imports-yaml", ["libs/deployment-file"], "yaml", "fastest-levenshtein"),
    {
      name: "auditor-imports-nothing-of-ours",
      severity: "error",
      comment: "an independent account shares no code with what it audits",
      from: { path: at("tests/auditor/") },
      to: { path: [ours, at("tests/")], pathNot: at("tests/auditor/") },
    },
    {
      name: "production-imports-no-tests",
      severity: "error",
      from: { path: ours, pathNot: TEST },
      to: { path: [at("tests/"), `${at("")}.*${TEST}`] },
    },
    { name: "no-cycles", severity: "error", from: { path: at("") }, to: { circular: true } },
    {
      name: "no-unused-files",
      severity: "error",
      comment:
        "a production file is imported by somebody, or named as what it is: main.ts, *-main.ts, *-worker.ts, *-process.ts",
      from: {},
      module: {
        path: `${at("(libs|services|apps)/[^/]+/src/")}.*[.]ts$`,
        pathNot: [TEST, STARTED, "/gen/"],
        numberOfDependentsLessThan: 1,
      },
    },
    {
      name: "no-unresolvable-import",
      severity: "error",
      comment: "an import that cannot be resolved escapes all rules above",
      from: { path: at("") },
      // What a component imports from its host is resolved by its world, not by Node.
      to: { couldNotResolve: true, pathNot: "^(caxton|wasi):" },
    },
  ];
};
