"""What the kernel says about processes, and the two programs that measurements need beside ours: wrk and nginx."""

import pathlib
import re
import socket
import subprocess

TICKS_PER_S = 100


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_PER_S


def resident_mib(pid):
    return kib_of(f"/proc/{pid}/status", "VmRSS") / 1024


def proportional_mib(pid):
    return kib_of(f"/proc/{pid}/smaps_rollup", "Pss") / 1024


def kib_of(file, name):
    return int(re.search(rf"^{name}:\s+(\d+)", pathlib.Path(file).read_text(), re.MULTILINE).group(1))


def children_of(pid):
    return [int(p) for p in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()]


def load(url, pids, seconds):
    """(requests per second, microseconds of processor time per request) of whoever serves that address."""
    before = cpu_seconds(pids)
    text = subprocess.run(["wrk", "-t1", "-c32", f"-d{seconds}s", url], capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(pids) - before
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    if "Non-2xx" in text:
        raise RuntimeError(f"{url} answered with errors:\n{text}")
    return requests / seconds, spent / requests * 1e6


def serve_by_nginx(body, port, directory):
    (directory / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {directory}/pid; error_log {directory}/error.log;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {directory}; proxy_temp_path {directory};\n"
        f" fastcgi_temp_path {directory}; uwsgi_temp_path {directory}; scgi_temp_path {directory};\n"
        f" server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 '{body}'; }} }} }}\n")
    return subprocess.Popen(["nginx", "-c", directory / "nginx.conf"], stderr=subprocess.DEVNULL)
