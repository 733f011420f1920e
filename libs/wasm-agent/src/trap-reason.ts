const maxLength = 500;

/**
 * Why a component trapped, in one line for people. Runtimes say it on standard error before they trap; of QuickJS's
 * panic only the JavaScript exception and its place are of interest.
 */
export function trapReason(error: unknown, standardError: string): string {
  const exception = /message: Some\("((?:[^"\\]|\\.)*)"\)(?:, stack: Some\("((?:[^"\\]|\\.)*)"\))?/.exec(standardError);
  if (exception?.[1] !== undefined) {
    const place = exception[2]?.replaceAll("\\n", "\n").trim().split("\n")[0] ?? "";
    return `${unescape(exception[1])} ${place}`.trim().slice(0, maxLength);
  }
  const said = standardError
    .split("\n")
    .filter((line) => !line.startsWith("thread '") && !line.startsWith("note: "))
    .join(" ")
    .trim();
  const trap = error instanceof Error ? error.message : String(error);
  return (said === "" ? trap : `${said} (${trap})`).slice(0, maxLength);
}

function unescape(text: string): string {
  return text.replaceAll(/\\(["'\\])/g, "$1").replaceAll("\\n", " ");
}
