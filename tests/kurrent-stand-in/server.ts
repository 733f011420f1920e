import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import featuresGrpc from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js";
import featuresPb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js";
import gossipGrpc from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_grpc_pb.js";
import gossipPb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_pb.js";
import streamsGrpc from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js";
import streamsPb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js";
import type { SupportedMethods } from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js";
import type { ClusterInfo } from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_pb.js";
import type { Empty, StreamIdentifier } from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js";
import type {
  BatchAppendReq,
  BatchAppendResp,
  DeleteReq,
  DeleteResp,
  ReadReq,
  ReadResp,
  TombstoneReq,
  TombstoneResp,
} from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js";
import type { ServerDuplexStream, ServerWritableStream } from "@grpc/grpc-js";
import { serveAppends } from "./appends.ts";
import { Database, type Entry } from "./database.ts";
import { Faults } from "./faults.ts";
import { Journal } from "./journal.ts";
import { serveRead } from "./reads.ts";
import { nameOf } from "./wire.ts";

export interface StandIn extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly database: Database;
  readonly faults: Faults;
}

export interface StandInOptions {
  /** Any that is free unless given. */
  readonly port?: number;
  /** Where what was answered is kept; in memory only unless given. */
  readonly journal?: string;
}

/**
 * Not KurrentDB: a stand-in that speaks as much of its protocol as our adapter uses, so that the real client can be met over
 * a real socket by everything that goes wrong with one. How it answers is what was measured of a 24.10 server; it proves
 * nothing about a real one.
 */
export async function startStandIn({ port: wanted = 0, journal }: StandInOptions = {}): Promise<StandIn> {
  const database = new Database(new Journal<Entry>(journal));
  // A real server has written to itself before anybody else does.
  if (database.all.length === 0) database.append("$stats-0", "any", [statistics]);
  const faults = new Faults();
  const server = new Server({ "grpc.max_receive_message_length": 32 * 1024 * 1024 });
  const deletion =
    <Request extends DeleteReq | TombstoneReq, Response>(kind: "delete" | "tombstone", done: () => Response) =>
    ({ request }: ServerUnaryCall<Request, Response>, respond: sendUnaryData<Response>): void => {
      const identifier: StreamIdentifier | undefined = request.getOptions()?.getStreamIdentifier();
      if (database.delete(nameOf(identifier), kind) === "done") respond(null, done());
      else respond({ code: status.FAILED_PRECONDITION, details: "deleted for good" });
    };
  server.addService(streamsGrpc.StreamsService, {
    read(call: ServerWritableStream<ReadReq, ReadResp>) {
      if (faults.refuses(call)) return;
      faults.opened(call);
      serveRead(call, database, faults);
    },
    batchAppend(call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>) {
      if (faults.refuses(call)) return;
      faults.opened(call);
      serveAppends(call, database, faults);
    },
    append: refused("appends that are no batch"),
    delete: deletion<DeleteReq, DeleteResp>("delete", () => new streamsPb.DeleteResp()),
    tombstone: deletion<TombstoneReq, TombstoneResp>("tombstone", () => new streamsPb.TombstoneResp()),
  });
  server.addService(featuresGrpc.ServerFeaturesService, {
    getSupportedMethods(_: ServerUnaryCall<Empty, SupportedMethods>, respond: sendUnaryData<SupportedMethods>) {
      if (faults.refuseWith === undefined) respond(null, supported());
      else respond({ code: faults.refuseWith, details: "refused by the stand-in" });
    },
  });
  server.addService(gossipGrpc.GossipService, {
    read: (_: ServerUnaryCall<Empty, ClusterInfo>, respond: sendUnaryData<ClusterInfo>) => respond(null, gossip(port)),
  });
  const port = await listen(server, wanted);
  return {
    port,
    url: `kurrentdb://127.0.0.1:${port}?tls=false`,
    database,
    faults,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

const statistics = {
  id: "00000000-0000-0000-0000-000000000001",
  type: "$statsCollected",
  contentType: "application/json",
  data: Buffer.from("{}").toString("base64"),
  metadata: "",
};

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

function refused(what: string) {
  return (_: unknown, respond: sendUnaryData<never>): void =>
    respond({ code: status.UNIMPLEMENTED, details: `the stand-in does not serve ${what}` });
}

function supported(): SupportedMethods {
  const batchAppend = new featuresPb.SupportedMethod()
    .setServiceName("event_store.client.streams.streams")
    .setMethodName("batchappend");
  return new featuresPb.SupportedMethods().setEventStoreServerVersion("24.10.0-stand-in").setMethodsList([batchAppend]);
}

/** One node, and it leads. */
function gossip(port: number): ClusterInfo {
  const member = new gossipPb.MemberInfo()
    .setIsAlive(true)
    .setState(gossipPb.MemberInfo.VNodeState.LEADER)
    .setTimeStamp("0")
    .setHttpEndPoint(new gossipPb.EndPoint().setAddress("127.0.0.1").setPort(port));
  return new gossipPb.ClusterInfo().setMembersList([member]);
}
