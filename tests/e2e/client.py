"""The REST API as a test uses it: over the Unix socket, with waits for events instead of naps."""

import http.client
import json
import socket
import time
from dataclasses import dataclass


@dataclass
class Reply:
    status: int
    headers: dict
    text: str

    @property
    def json(self):
        return json.loads(self.text)


class Refused(AssertionError):
    """The API answered with a problem document where the test expected success."""

    def __init__(self, method, path, reply):
        super().__init__(f"{method} {path}: {reply.status} {reply.text}")
        self.reply = reply


class OperationFailed(AssertionError):
    def __init__(self, operation):
        super().__init__(json.dumps(operation, indent=2))
        self.operation = operation


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Client:
    def __init__(self, socket_path):
        self.socket_path = socket_path

    def call(self, method, path, body=None, headers=(), timeout=30):
        """One request; whatever comes back is the reply."""
        connection = UnixConnection(self.socket_path, timeout)
        try:
            fields = {"Content-Type": "application/json", **dict(headers)} if body is not None else dict(headers)
            connection.request(method, path, json.dumps(body) if body is not None else None, fields)
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read().decode())
        finally:
            connection.close()

    def ask(self, method, path, body=None, **more):
        """One request that must succeed; its JSON."""
        reply = self.call(method, path, body, **more)
        if reply.status >= 300:
            raise Refused(method, path, reply)
        return reply.json if reply.text else None

    def begin(self, method, path, body=None, **more):
        """Starts an operation and returns at once."""
        return self.ask(method, path, body, **more)

    def finish(self, operation, seconds=120):
        """Waits for the end of an operation, however it ends."""
        deadline = time.monotonic() + seconds
        while operation["finished_at"] is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"not finished after {seconds} s: {json.dumps(operation, indent=2)}")
            wait = max(1, min(30, int(left)))
            operation = self.ask("GET", f"/v1/operations/{operation['id']}", headers={"Prefer": f"wait={wait}"}, timeout=wait + 10)
        return operation

    def operate(self, method, path, body=None, seconds=120, **more):
        """An operation that must succeed."""
        operation = self.finish(self.begin(method, path, body, **more), seconds)
        if operation["status"] != "succeeded":
            raise OperationFailed(operation)
        return operation

    def server(self, name):
        return self.ask("GET", f"/v1/servers/{name}")

    def verb(self, name, verb, body=None, seconds=120):
        return self.operate("POST", f"/v1/servers/{name}/{verb}", body, seconds)

    def snapshots(self, name):
        return self.ask("GET", f"/v1/servers/{name}/snapshots")["items"]

    def wait_until(self, question, what, seconds=60):
        """Asks again after every event of the control plane, and each second in between, until the answer is true."""
        deadline = time.monotonic() + seconds
        with EventStream(self.socket_path) as events:
            while True:
                answer = question()
                if answer:
                    return answer
                if time.monotonic() > deadline:
                    raise AssertionError(f"not within {seconds} s: {what}")
                events.next(1.0)

    def wait_for_state(self, name, state, seconds=60):
        return self.wait_until(lambda: (s := self.server(name))["state"] == state and s, f"{name} is {state}; it is {self.server(name)}", seconds)

    def wait_for_line(self, name, text, cursor=0, seconds=60):
        """Follows the log from `cursor` until a line contains the text; returns that line's object."""
        connection = UnixConnection(self.socket_path, seconds)
        deadline = time.monotonic() + seconds
        seen = []
        try:
            connection.request("GET", f"/v1/servers/{name}/logs?follow=true&cursor={cursor}")
            sock = connection.sock  # http.client lets go of it when the reply is to end with the connection.
            response = connection.getresponse()
            while time.monotonic() < deadline:
                sock.settimeout(max(0.1, deadline - time.monotonic()))
                raw = response.readline()
                if not raw:
                    break
                if raw.strip():
                    entry = json.loads(raw)
                    seen.append(entry["line"])
                    if text in entry["line"]:
                        return entry
        except TimeoutError:
            pass
        finally:
            connection.close()
        raise AssertionError(f"no line with '{text}' in the log of {name} within {seconds} s; the last ones were:\n" + "\n".join(seen[-20:]))

    def log_end(self, name):
        """The cursor behind the last line there is now."""
        lines = self.call("GET", f"/v1/servers/{name}/logs?tail=1").text.strip().splitlines()
        return json.loads(lines[-1])["cursor"] if lines else 0


class EventStream:
    """Server-sent events; only that something happened matters, what it was is asked again."""

    def __init__(self, socket_path):
        self.connection = UnixConnection(socket_path, 10)

    def __enter__(self):
        self.connection.request("GET", "/v1/events")
        self.sock = self.connection.sock
        self.response = self.connection.getresponse()
        return self

    def __exit__(self, *_):
        self.response.close()
        self.connection.close()

    def next(self, seconds):
        """Returns when an event came, or after that time."""
        self.sock.settimeout(seconds)
        try:
            while line := self.response.readline():
                if line.startswith((b"data:", b"event:")):
                    return
        except (TimeoutError, OSError):
            self._reopen()

    def _reopen(self):
        # After a time-out http.client gives the response up; the control plane may also have been restarted by the test.
        self.connection.close()
        try:
            self.__enter__()
        except OSError:
            pass
