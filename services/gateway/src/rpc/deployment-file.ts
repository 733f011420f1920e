import { CaxtonError } from "@caxton/contracts/errors";
import { type DeploymentFile, parseDeploymentFile } from "@caxton/deployment-file/parse";
import { problemsText } from "@caxton/deployment-file/problem";

/** What the text of a deployment file asks for. @throws CaxtonError `invalid-deployment-file`, `not-implemented` */
export function requireDeploymentFile(text: string): DeploymentFile {
  const { file, problems } = parseDeploymentFile(text);
  if (file !== undefined) return file;
  const errors = problems.filter(({ severity }) => severity === "error");
  const code = errors.every((problem) => problem.code === "not-implemented")
    ? "not-implemented"
    : "invalid-deployment-file";
  throw new CaxtonError(code, problemsText(errors), { details: { problems: errors.length } });
}
