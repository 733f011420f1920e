#!/usr/bin/env python3
"""Sends a command to Caxton Deploy over NATS, with Python's standard library alone.

    python3 command.py deploy quake-watch --artifact quake-watch.wasm --follow
    python3 command.py rollback quake-watch --deployment 01999a5e-7c00-7a41-9d2c-3f1b8f6a2c10 --set 'reason="too many alarms"'

It shows what a client in any language has to do (docs/commands.md). A real one would use a NATS client for its language instead
of class Nats. Exit code 0 where the command was accepted and, with --follow, the deployment runs; 1 otherwise.
"""
import argparse
import base64
import collections
import hashlib
import json
import socket
import sys
import time
import urllib.parse
import urllib.request
import uuid


class Nats:
    """As much of https://docs.nats.io/reference/reference-protocols/nats-protocol as this needs."""

    def __init__(self, url, timeout_s=10):
        at = urllib.parse.urlsplit(url)
        self.socket = socket.create_connection((at.hostname, at.port or 4222), timeout_s)
        self.lines = self.socket.makefile("rb")
        self.waiting = collections.defaultdict(collections.deque)
        self.last_sid = 0
        self.info = json.loads(self.lines.readline().split(b" ", 1)[1])
        options = {"verbose": False, "pedantic": False, "lang": "python-stdlib", "version": "1", "headers": True, "no_responders": True}
        if at.username:
            options.update(user=at.username, **{"pass": at.password or ""})
        self.send(f"CONNECT {json.dumps(options)}\r\nPING\r\n".encode())
        while self.read() != "PONG":
            pass

    def send(self, data):
        self.socket.sendall(data)

    def subscribe(self, subject):
        self.last_sid += 1
        self.send(f"SUB {subject} {self.last_sid}\r\n".encode())
        return str(self.last_sid)

    def publish(self, subject, body, reply=""):
        self.send(f"PUB {subject} {reply} {len(body)}\r\n".encode() + body + b"\r\n")

    def request(self, subject, body):
        """The first reply, as JSON. Nobody there: the server itself replies with an empty message and status 503."""
        inbox = f"_INBOX.{uuid.uuid4().hex}"
        sid = self.subscribe(inbox)
        self.publish(subject, body, inbox)
        _, data = self.next(sid)
        self.send(f"UNSUB {sid}\r\n".encode())
        if not data:
            raise SystemExit(f"nobody answers on {subject}: no orchestrator has run here yet, or nats-server has no JetStream")
        return json.loads(data)

    def next(self, sid):
        while not self.waiting[sid]:
            self.read()
        return self.waiting[sid].popleft()

    def read(self):
        """Takes one thing from the server; messages go to their subscription."""
        words = self.lines.readline().decode().split()
        if not words:
            raise SystemExit("nats-server closed the connection")
        kind = words[0].upper()
        if kind == "PING":
            self.send(b"PONG\r\n")
        elif kind == "-ERR":
            raise SystemExit(f"nats-server: {' '.join(words[1:])}")
        elif kind in ("MSG", "HMSG"):
            size = int(words[-1])
            headers = int(words[-2]) if kind == "HMSG" else 0
            data = self.lines.read(size + 2)[headers:size]
            self.waiting[words[2]].append((words[1], data))
        return kind


def upload(gateway, path):
    """The artifact by its sha256, which is its name from then on."""
    with open(path, "rb") as file:
        artifact = file.read()
    digest = hashlib.sha256(artifact).hexdigest()
    urllib.request.urlopen(urllib.request.Request(f"{gateway}/artifacts/{digest}", artifact, method="PUT")).close()
    return digest


def stored_answer(nats, subject, patience_s=30):
    """Answers are stored: it does not matter whether the command was sent a moment or a day ago."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        found = nats.request("$JS.API.STREAM.MSG.GET.CAXTON_ANSWERS", json.dumps({"last_by_subj": subject}).encode())
        if "message" in found:
            return json.loads(base64.b64decode(found["message"]["data"]))
        time.sleep(0.05)
    raise SystemExit(f"no answer on {subject} within {patience_s} s: does an orchestrator run? The command stays in line.")


def command_of(arguments):
    command = {"id": arguments.id or str(uuid.uuid4())}
    if arguments.artifact:
        command["artifact"] = {"digest": upload(arguments.gateway, arguments.artifact)}
    command["deployment"] = arguments.deployment or str(uuid.uuid4())
    for assignment in arguments.set:
        field, _, value = assignment.partition("=")
        command[field] = json.loads(value)
    return command


def follow(nats, events):
    """Every stored event of the deployment, until it runs or has ended otherwise. @returns whether it runs"""
    while True:
        _, data = nats.next(events)
        event = json.loads(data)
        print(event["time"], event["type"], event["data"].get("failure", ""), flush=True)
        name = event["type"].split(".")[2]
        if name == "DeploymentCompleted":
            return True
        if name in ("DeploymentFailed", "ValidationFailed", "DeploymentRolledBack"):
            return False


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("verb", help="deploy, abort, rollback, …: docs/commands.md has them all")
    options.add_argument("agent")
    options.add_argument("--artifact", metavar="FILE", help="uploaded first; for deploy")
    options.add_argument("--deployment", metavar="UUID", help="a new one unless given")
    options.add_argument("--id", metavar="UUID", help="the command's; give the same again where you do not know whether it arrived")
    options.add_argument("--set", metavar="FIELD=JSON", action="append", default=[], help="any other field of the command")
    options.add_argument("--body", metavar="TEXT", help="sent as it stands in place of all of these, @FILE for what is in a file")
    options.add_argument("--follow", action="store_true", help="print the deployment's events until it runs or has ended")
    options.add_argument("--principal", default="ops", help="who sends; ops unless given")
    options.add_argument("--nats", default="nats://127.0.0.1:4222", metavar="URL")
    options.add_argument("--gateway", default="http://127.0.0.1:7420", metavar="URL")
    arguments = options.parse_args()
    if arguments.id and not arguments.deployment:
        options.error("--id wants --deployment as well: what is sent again has to be the same")

    command = {"id": arguments.id} if arguments.body else command_of(arguments)
    nats = Nats(arguments.nats)
    # Before the command is sent, so that no event is missed.
    events = nats.subscribe(f"caxton.deployments.{arguments.agent}.{command.get('deployment', '-')}.*")
    body = (arguments.body or json.dumps(command)).encode()
    if body.startswith(b"@"):
        with open(body[1:], "rb") as file:
            body = file.read()
    stored = nats.request(f"caxton.commands.{arguments.principal}.{arguments.agent}.{arguments.verb}", body)
    print("stored:", json.dumps(stored), flush=True)
    # Without an id that can be read, its answer is found by where it was stored.
    name = command["id"] or f"seq-{stored.get('seq')}"
    answer = stored_answer(nats, f"caxton.answers.{arguments.principal}.{name}")
    print("answer:", json.dumps(answer), flush=True)
    ok = answer["ok"] and (not arguments.follow or follow(nats, events))
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
