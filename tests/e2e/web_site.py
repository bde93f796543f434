"""A web site of a test, by https."""

import http.server
import ssl
import subprocess
import threading


class Site(http.server.ThreadingHTTPServer):
    """A web site of a test; its certificate is signed by itself."""

    def __init__(self, folder):
        self.files = {}
        self.visits = []
        self.open = threading.Event()  # Closed, it answers the first bytes and nothing more.
        self.open.set()
        self.certificate = folder / "site.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=toy",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "site.key", "-out", self.certificate],
                       check=True, capture_output=True)
        super().__init__(("127.0.0.1", 0), Page)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, folder / "site.key")
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"https://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        pass  # Clients that leave in the middle are what is tested.


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.visits.append(self.path)
        content = self.server.files.get(self.path)
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        for begin in range(0, len(content or b""), 1000):
            self.wfile.write(content[begin:begin + 1000])
            self.server.open.wait()

    def log_message(self, *_):
        pass
