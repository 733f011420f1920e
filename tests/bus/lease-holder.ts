/** A process of its own that contends for a lease and says on stdout when it holds it; for tests that kill it. */
import { connectBus } from "@caxton/bus/connect";
import { holdLease } from "@caxton/bus/hold-lease";

const [url = "", holderId = ""] = process.argv.slice(2);
const bus = await connectBus({ url, name: holderId });
holdLease(await bus.kv("leases"), {
  key: "relay.a",
  holderId,
  onAcquired: () => void process.stdout.write(`acquired ${holderId}\n`),
  onError: (error) => void process.stderr.write(`${String(error)}\n`),
});
