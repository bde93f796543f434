"""The images that Gamekeeper needs on a cluster: its own, those of its games, and those of what it stores things in.

Programs of ours come from a folder of built programs. Game images follow from games/*.yaml: the Debian packages that a definition names,
with gk-shim in it, so that a pod needs no init container to copy it.
"""

import pathlib
import re
import subprocess

import images
import parts
from report import Failure
from settings import ROOT

# Where a pod finds the shim, whether its image brings it or an init container copies it; the link is for people who make their own images.
SHIM = "gk/bin/gk-shim"
SHIM_LINK = ("usr/bin/gk-shim", f"/{SHIM}")
POSTGRES = """#!/bin/sh
# Starts PostgreSQL on $PGDATA, which is made first when it is empty: user and database gamekeeper. The password is what the file says at
# each start, so that another one is set by changing the Secret and starting the pod again.
set -eu
programs=/usr/lib/postgresql/15/bin
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    rm -rf "$PGDATA.new"
    "$programs/initdb" --pgdata="$PGDATA.new" --username=gamekeeper --pwfile="$PASSWORD_FILE" --auth=scram-sha-256 \\
        --encoding=UTF8 --locale=C.UTF-8
    echo "host all all all scram-sha-256" >>"$PGDATA.new/pg_hba.conf"
    echo 'create database gamekeeper' | "$programs/postgres" --single -D "$PGDATA.new" postgres >/dev/null
    mv -T "$PGDATA.new" "$PGDATA"
fi
echo "alter role gamekeeper password '$(sed "s/'/''/g" "$PASSWORD_FILE")'" | "$programs/postgres" --single -D "$PGDATA" postgres >/dev/null
exec "$programs/postgres" -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp -c jit=off "$@"
"""


def libraries_of(program):
    """The Debian packages of the shared libraries that a program of ours needs on this machine."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True)
    paths = re.findall(r"=> (/\S+)", said.stdout)
    if "not found" in said.stdout:
        raise Failure(f"{program} needs libraries that are not installed: {said.stdout}", "tools/setup build")
    return {package_of(path) for path in paths}


def package_of(path):
    # Debian's list has the place from before /lib became a link to /usr/lib, for some packages.
    for place in (path, f"/usr{path}", str(pathlib.Path(path).resolve())):
        done = subprocess.run(["dpkg-query", "--search", place], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    raise Failure(f"{path} belongs to no Debian package")


def gamekeeper(programs, tag):
    program = programs / "gamekeeper"
    images.fingerprint(program)
    # With the shim it is the image of its own match servers too.
    return images.Image("gamekeeper", tag, files=(("usr/local/bin/gamekeeper", program), (SHIM, programs / "gk-shim")),
                        packages=tuple(sorted({"restic", "ca-certificates", "tzdata"} | libraries_of(program))),
                        entrypoint=("/usr/local/bin/gamekeeper",), user="65532:65532")


def with_shim(name, programs, tag, packages=None, files=(), entrypoint=(f"/{SHIM}", "--pod")):
    return images.Image(name, tag, files=((SHIM, programs / "gk-shim"), *files), links=(SHIM_LINK,), packages=packages,
                        entrypoint=entrypoint, user="61000:61000")


def shim(programs, tag):
    """What an init container copies the shim from, for images that know nothing of us."""
    return with_shim("gk-shim", programs, tag, entrypoint=(f"/{SHIM}", "--install"))


def toy(programs, tag):
    return with_shim("toy", programs, tag, files=(("usr/local/bin/gk-toy-game", programs / "gk-toy-game"),))


def restic(programs, tag):
    return with_shim("restic", programs, tag, packages=("ca-certificates", "restic"))


def java(programs, tag):
    """What games/minecraft-java.yaml runs in; the game itself is fetched."""
    return with_shim("java-17", programs, tag, packages=("openjdk-17-jre-headless",))


def postgres(_, tag):
    return images.Image("postgres", tag, packages=("postgresql-15",), texts=(("usr/local/bin/gk-postgres", POSTGRES),),
                        entrypoint=("/usr/local/bin/gk-postgres",), user="65532:65532",
                        environment=("PATH=/usr/bin:/bin", "PGDATA=/data/postgres", "PASSWORD_FILE=/secret/password"))


def redis(_, tag):
    return images.Image("redis", tag, packages=("redis-server",), entrypoint=("/usr/bin/redis-server",), user="65532:65532")


def prometheus(_, tag):
    return images.Image("prometheus", tag, packages=("prometheus",), entrypoint=("/usr/bin/prometheus",), user="65532:65532")


def versitygw(_, tag):
    part = parts.PARTS["versitygw"]
    parts.build(part)
    return images.Image("versitygw", tag, files=(("versitygw", part.program("versitygw")),), entrypoint=("/versitygw",), user="65532:65532")


RECIPES = {"gamekeeper": gamekeeper, "gk-shim": shim, "toy": toy, "restic": restic, "java-17": java, "postgres": postgres, "redis": redis,
           "prometheus": prometheus, "versitygw": versitygw}


def games():
    """{name: its Debian packages} of the definitions in games/ whose files come from Debian alone."""
    import yaml

    found = {}
    for path in sorted((ROOT / "games").glob("*.yaml")):
        sources = yaml.safe_load(path.read_text()).get("sources") or []
        packages = [name for source in sources for name in (source.get("debian") or {}).get("packages", [])]
        if packages and all("debian" in source or "image" in source for source in sources):
            found[path.stem] = tuple(packages)
    return found


def names():
    return [*RECIPES, *games()]


def recipe(name, programs, tag):
    """The image of that name with our programs from that folder."""
    if name in RECIPES:
        return RECIPES[name](programs, tag)
    if name in games():
        return with_shim(name, programs, tag, packages=games()[name])
    raise Failure(f"there is no image '{name}'", f"there are: {', '.join(names())}; or say --folder or --packages")
