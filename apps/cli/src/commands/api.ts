import process from "node:process";
import { asyncApiDocument } from "@caxton/contracts/asyncapi/document";
import { openApiDocument } from "@caxton/contracts/openapi/document";
import type { Command } from "commander";
import { command, gatewayCommand, type JsonOption, outputOf } from "../command.ts";
import type { GatewayOption } from "../context.ts";
import { gatewayAddress } from "../gateway-address.ts";

const note = "\nIt is made here, without a gateway; one that runs serves its own";

export function openApiCommand(): Command {
  return gatewayCommand("openapi", "print the gateway's HTTP API as an OpenAPI document", [
    "caxton api openapi > openapi.json",
    "caxton api openapi --json --gateway http://gateway.example:7420",
  ])
    .addHelpText("after", `${note} at /openapi.json.`)
    .action((options: JsonOption & GatewayOption) => {
      const { url } = gatewayAddress(options.gateway, process.env["CAXTON_GATEWAY"], process.cwd());
      print(openApiDocument(url), options);
    });
}

export function asyncApiCommand(): Command {
  return command("asyncapi", "print what is on the bus as an AsyncAPI document", [
    "caxton api asyncapi > asyncapi.json",
    "caxton api asyncapi --json",
  ])
    .addHelpText("after", `${note} at /asyncapi.json.`)
    .action((options: JsonOption) => print(asyncApiDocument(), options));
}

function print(document: unknown, options: JsonOption): void {
  const output = outputOf(options);
  output.lines(JSON.stringify(document, undefined, 2));
  output.value(document);
}
