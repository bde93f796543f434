#!/usr/bin/python3
"""People hear of what goes wrong: by mail, through a real mail server with TLS and a login, and by webhook; once, and once more when it is over."""

import hashlib
import hmac
import http.server
import json
import pathlib
import tempfile
import threading

import harness
from mail_server import MailServer

ANNA, BEN, CARL = "anna@castle.example", "ben@castle.example", "carl@castle.example"


class Told(harness.ToyCase):
    """An installation that tells Anna and Ben."""

    def installation(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="gk-mail-")))
        self.folder.chmod(0o755)
        self.mail = MailServer(self.folder)
        self.addCleanup(lambda: self.mail.stop())
        self.password = self.folder / "password"
        self.password.write_text(MailServer.PASSWORD + "\n")
        self.password.chmod(0o600)
        self.settings = {"KEEPER_INTERVAL": "1s", "MAIL_SERVER": f"127.0.0.1:{self.mail.port}", "MAIL_CA_FILE": self.mail.authority,
                         "MAIL_USER": MailServer.USER, "MAIL_PASSWORD_FILE": self.password, "MAIL_FROM": "gk@castle.example",
                         "MAIL_TO": f"{ANNA},{BEN}", **self.more_settings()}
        return super().installation()

    def more_settings(self):
        return {}

    def incidents(self):
        return self.api.ask("GET", "/v1/incidents")["items"]

    def delivery(self, to, says_over=False):
        return next(d for d in self.incidents()[0]["deliveries"] if d["to"] == to and d["says_over"] == says_over)

    def refuse_a_backup(self, notify=()):
        """An incident: a pause that cannot save its world."""
        self.create_toy("tower")
        if notify:
            self.keeper.cli("server", "set", "tower", *(word for to in notify for word in ("--notify", to)))
        self.api.ask("POST", "/v1/servers/tower/snapshots", {}, headers={"Prefer": "wait=60"}, timeout=70)
        self.keeper.break_vault()
        self.addCleanup(self.keeper.mend_vault)
        self.api.finish(self.api.begin("POST", "/v1/servers/tower/pause", {}))
        self.api.wait_until(self.incidents, "an incident")


class Mails(Told):
    def test_a_test_mail_says_what_the_server_answered(self):
        done = self.keeper.cli("mail", "test")
        self.assertIn(f"{ANNA}: the mail server took it: 250 kept", done.stdout)
        (to, mail), _ = self.mail.wait_for(2)
        self.assertEqual((to, mail["From"].addresses[0].addr_spec), (ANNA, "gk@castle.example"))
        self.assertIn("Nothing is wrong", mail.get_content())

        self.mail.answers[ANNA] = ["550 no such user here"]
        refused = self.keeper.cli("mail", "test", "--to", ANNA, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("550 no such user here", refused.stdout)
        self.assertEqual(self.keeper.cli("mail", "test", "--to", "anna\nBcc: eve@castle.example", check=False).returncode, 1)
        self.assertEqual(len(self.mail.mails), 2)
        self.assertNotIn(MailServer.PASSWORD, self.keeper.log())

    def test_each_hears_once_what_is_put_off_comes_later_and_what_is_refused_is_shown(self):
        self.mail.answers = {ANNA: ["451 come back later"], BEN: ["550 no such user here"]}
        self.refuse_a_backup()

        (to, mail), = self.mail.wait_for(1, 90)
        self.assertEqual((to, mail["Subject"]), (ANNA, "Server 'tower': backup_failed"))
        self.api.wait_until(lambda: self.delivery(ANNA)["status"] == "delivered", "that is noted")
        self.assertEqual(self.delivery(ANNA)["attempts"], 2)
        self.assertEqual(self.delivery(BEN)["status"], "failed")
        self.assertIn("550 no such user here", self.delivery(BEN)["answer"])
        doctor = self.keeper.cli("doctor", check=False)
        self.assertIn(f"{BEN} was not told of backup_failed at 'tower'", doctor.stdout)
        self.assertIn("550 no such user here", self.keeper.cli("incident", "list").stdout)

        self.keeper.mend_vault()
        mails = self.mail.wait_for(2, 90)
        self.assertEqual((mails[1][0], mails[1][1]["Subject"]), (ANNA, "Over: Server 'tower': backup_failed"))
        self.assertNotEqual(mails[0][1]["Message-ID"], mails[1][1]["Message-ID"])
        self.api.wait_until(lambda: self.incidents()[0]["over_at"], "it is over")
        self.assertEqual(len(self.mail.mails), 2, self.mail.subjects())

    def test_what_could_not_be_sent_survives_a_kill(self):
        port = self.mail.port
        self.mail.stop()
        self.refuse_a_backup()
        self.api.wait_until(lambda: self.delivery(ANNA)["attempts"] >= 1, "the first try")
        self.keeper.kill()
        self.mail = MailServer(self.folder, port)
        self.keeper.start()

        mails = self.mail.wait_for(2, 120)

        self.assertEqual({to for to, _ in mails}, {ANNA, BEN})
        self.api.wait_until(lambda: {d["status"] for d in self.incidents()[0]["deliveries"]} == {"delivered"}, "both are noted")
        self.assertEqual(len(self.mail.mails), 2, self.mail.subjects())
        self.keeper.mend_vault()


class OwnPeople(Told):
    """A server that names people of its own."""

    def test_they_hear_of_it_beside_those_of_the_installation_and_nobody_twice(self):
        self.refuse_a_backup(notify=[CARL, BEN.upper()])
        self.assertIn(f"notices to     {CARL}, {BEN.upper()}", self.keeper.cli("server", "show", "tower").stdout)
        self.assertEqual(sorted(to for to, _ in self.mail.wait_for(3, 90)), [ANNA, BEN, CARL])
        self.keeper.mend_vault()
        self.assertEqual(sorted(to for to, _ in self.mail.wait_for(6, 90)[3:]), [ANNA, BEN, CARL])
        self.api.wait_until(lambda: self.incidents()[0]["over_at"], "it is over")
        self.assertEqual(len(self.mail.mails), 6, self.mail.subjects())

    def test_what_is_no_address_is_refused_and_changes_nothing(self):
        self.create_toy("tower")
        self.keeper.cli("server", "set", "tower", "--notify", CARL)
        wrong = self.keeper.cli("server", "set", "tower", "--notify", ANNA, "--notify", "carl\nBcc: eve@castle.example", check=False)
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("/notify/1", wrong.stderr)
        self.assertIn("is no mail address: write one such as anna@castle.example", wrong.stderr)
        many = self.keeper.cli("server", "set", "tower", *(word for n in range(11) for word in ("--notify", f"p{n}@castle.example")), check=False)
        self.assertIn("11 addresses are too many: at most 10 hear of one server", many.stderr)
        self.assertEqual(self.api.ask("GET", "/v1/servers/tower")["notify"], [CARL])
        self.keeper.cli("server", "set", "tower", "--notify", "none")
        self.assertEqual(self.api.ask("GET", "/v1/servers/tower")["notify"], [])


class UpDown(Told):
    """An installation that tells also what goes well."""

    def more_settings(self):
        return {"NOTICES_UP_DOWN": "true"}

    def test_people_hear_when_a_server_comes_up_and_goes_to_sleep(self):
        self.keeper.cli("server", "create", "tower", "--game", "toy", "--notify", CARL, "--start")
        up = self.mail.wait_for(3, 60)
        self.assertEqual(sorted((to, mail["Subject"]) for to, mail in up), [(to, "Server 'tower' is up") for to in (ANNA, BEN, CARL)])
        self.keeper.cli("server", "pause", "tower")
        asleep = self.mail.wait_for(6, 60)[3:]
        self.assertEqual(sorted((to, mail["Subject"]) for to, mail in asleep), [(to, "Server 'tower' is asleep") for to in (ANNA, BEN, CARL)])
        self.assertNotEqual(up[0][1]["Message-ID"], asleep[0][1]["Message-ID"])
        self.assertEqual(len(self.mail.mails), 6, self.mail.subjects())


class Strangers(Told):
    """A mail server that shows a certificate of nobody's."""

    def more_settings(self):
        other = self.folder / "other"
        other.mkdir()
        stranger = MailServer(other)
        stranger.stop()
        return {"MAIL_CA_FILE": stranger.authority}

    def test_nothing_is_sent_to_a_server_that_cannot_prove_who_it_is(self):
        done = self.keeper.cli("mail", "test", check=False)

        self.assertEqual(done.returncode, 1)
        self.assertIn("certificate", done.stdout)
        self.assertEqual(self.mail.mails, [])


class WrongLogin(Told):
    def more_settings(self):
        self.password.write_text("something else\n")
        return {}

    def test_a_login_that_fails_is_said(self):
        done = self.keeper.cli("mail", "test", check=False)

        self.assertEqual(done.returncode, 1)
        self.assertIn("535", done.stdout)
        self.assertEqual(self.mail.mails, [])


class Hook(http.server.ThreadingHTTPServer):
    """Keeps what is posted to it."""

    def __init__(self):
        self.posts = []
        self.changed = threading.Condition()
        super().__init__(("127.0.0.1", 0), HookPage)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class HookPage(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.changed:
            self.server.posts.append((dict(self.headers), body))
            self.server.changed.notify_all()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Webhooks(Told):
    def more_settings(self):
        self.hook = Hook()
        self.addCleanup(self.hook.server_close)
        self.addCleanup(self.hook.shutdown)
        secret = self.folder / "secret"
        secret.write_text("hunter2\n")
        return {"WEBHOOKS_URLS": f"http://127.0.0.1:{self.hook.server_port}/gk", "WEBHOOKS_SECRET_FILE": secret}

    def test_a_program_gets_what_happened_signed(self):
        self.refuse_a_backup()
        with self.hook.changed:
            self.assertTrue(self.hook.changed.wait_for(lambda: self.hook.posts, 60))

        headers, body = self.hook.posts[0]
        self.assertEqual(headers["Gamekeeper-Signature"], "sha256=" + hmac.new(b"hunter2", body, hashlib.sha256).hexdigest())
        said = json.loads(body)
        self.assertEqual((said["kind"], said["server"], said["over"]), ("backup_failed", "tower", False))
        self.assertEqual(headers["Gamekeeper-Id"], said["id"])
        self.keeper.mend_vault()


class Nobody(harness.Case):
    def test_without_a_mail_server_a_test_says_what_to_set(self):
        done = self.keeper.cli("mail", "test", check=False)

        self.assertEqual(done.returncode, 4)
        self.assertIn("mail.server", done.stderr)
        self.assertEqual(self.api.ask("GET", "/v1/incidents")["items"], [])


if __name__ == "__main__":
    harness.main()
