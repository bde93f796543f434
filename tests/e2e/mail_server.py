"""A mail server of a test: aiosmtpd, with TLS and a login, that does with each receiver what the test says."""

import email
import email.policy
import ssl
import subprocess
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class AnyPort(Controller):
    """A controller that may listen on port 0: it learns which one that was before it tries its own server."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class MailServer:
    """Takes mails on 127.0.0.1. `answers` maps a receiver to the replies that he gets before his mails are taken."""

    USER, PASSWORD = "gamekeeper", "sesame open"

    def __init__(self, folder, port=0):
        self.answers = {}
        self.mails = []
        self.changed = threading.Condition()
        self.authority = folder / "mail.pem"
        if not self.authority.exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                            "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "mail.key", "-out", self.authority],
                           check=True, capture_output=True)
            self.authority.chmod(0o644)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, folder / "mail.key")
        self.controller = AnyPort(self, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True, auth_required=True,
                                  authenticator=self.let_in)
        self.controller.start()
        self.port = self.controller.port

    def let_in(self, _server, _session, _envelope, _mechanism, data):
        good = (data.login, data.password) == (self.USER.encode(), self.PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        waiting = self.answers.get(address, [])
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _server, _session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self.changed:
            self.mails.append((envelope.rcpt_tos[0], mail))
            self.changed.notify_all()
        return "250 kept"

    def wait_for(self, count, seconds=60):
        """The mails, once there are so many."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.mails) >= count, seconds):
                raise AssertionError(f"{len(self.mails)} mails of {count} after {seconds} s: {self.subjects()}")
            return list(self.mails)

    def subjects(self):
        return [(to, mail["Subject"]) for to, mail in self.mails]

    def stop(self):
        self.controller.stop()
