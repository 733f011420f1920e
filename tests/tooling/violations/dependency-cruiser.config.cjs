const { options } = require("../../../dependency-cruiser.config.cjs");
const dependencyRules = require("../../../scripts/dependency-rules.cjs");

// The tree's own rules and options, applied to each folder here as if it were the root of the tree.
const { exclude: _violationsAreExcluded, ...sameOptions } = options;

module.exports = { forbidden: dependencyRules("tests/tooling/violations/[^/]+/"), options: sameOptions };
