const dependencyRules = require("./scripts/dependency-rules.cjs");

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: dependencyRules(""),
  options: {
    parser: "tsc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^tests/tooling/violations/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".json", ".d.ts"],
    },
  },
};
