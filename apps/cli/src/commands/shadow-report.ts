import { writeFile } from "node:fs/promises";
import { CaxtonError, toCaxtonError } from "@caxton/contracts/errors";
import { shadowReport } from "@caxton/contracts/shadow";
import type { Command } from "commander";
import { gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import { type GatewayOption, openGateway } from "../context.ts";
import { shadowPage } from "../format/shadow-page.ts";
import { shadowLines } from "../format/shadow.ts";

interface ReportOptions extends JsonOption, GatewayOption {
  readonly html?: string;
}

export function shadowReportCommand(): Command {
  return gatewayCommand("report", "tell what a shadow found so far, or in the end", [
    "caxton shadow report proc-v3-7f8d9",
    "caxton shadow report proc-v3-7f8d9 --html shadow.html",
    "caxton shadow report 0198c0de --json | jq .differences",
  ])
    .argument("<deployment|version>", "an id, or an unambiguous abbreviation of it")
    .option("--html <file>", "write it as one page with pictures, which needs no network")
    .action(report);
}

async function report(id: string, options: ReportOptions): Promise<void> {
  const output = outputOf(options);
  const gateway = await openGateway(options);
  const found = shadowReport.check((await gateway.getShadowReport(id)).report);
  if (options.html !== undefined) {
    await write(options.html, shadowPage(found));
    output.lines(`→ Written: ${options.html}`);
  } else {
    output.lines(...shadowLines(found, output.style));
  }
  output.value(found);
}

async function write(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    throw new CaxtonError("invalid-argument", `${file} cannot be written: ${toCaxtonError(error).message}`, {
      cause: error,
    });
  }
}
