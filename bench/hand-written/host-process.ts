/**
 * The version's side of the hand-written loop: the same component, called as directly as can be, an answer for each message
 * of a request: `host-process.ts <bus url> <prepared folder>`.
 */
import process from "node:process";
import { agentLog } from "@caxton/wasm-agent/agent-log";
import { compileModules, loadComponent } from "@caxton/wasm-agent/instantiate";
import { connect } from "@nats-io/transport-node";
import { ready, runSubject } from "./protocol.ts";

const [url = "", preparedDir = ""] = process.argv.slice(2);
const component = await loadComponent(preparedDir, await compileModules(preparedDir));
const instance = component(agentLog());
const connection = await connect({ servers: url, name: "loop-host" });

function handle(body: string, at: number): string {
  const answer = instance.handle({ id: String(at), kind: "order", conversation: undefined, body }, "{}");
  return answer.ok ? (answer.outputs[0]?.body ?? "") : "";
}

connection.subscribe(runSubject, {
  queue: "hosts",
  callback(_error, message) {
    message.respond(JSON.stringify(message.json<string[]>().map(handle)));
  },
});
await connection.flush();
process.send?.(ready);
process.on("disconnect", () => process.exit(0));
