"""What runs in the cluster itself and may be chosen with `up --with`: names in pods, volumes on demand, measured use."""

import dataclasses
import string

import images
import kubectl
import parts
from report import Failure
from settings import TOOLS


@dataclasses.dataclass(frozen=True)
class Addon:
    name: str
    part: str
    ready: tuple  # (namespace, deployment)

    @property
    def manifest(self):
        """The objects as YAML, with the version of the part in its image's name."""
        text = (TOOLS / "addons" / f"{self.name}.yaml").read_text()
        return string.Template(text).substitute(version=parts.PARTS[self.part].version)


ADDONS = {
    addon.name: addon
    for addon in (
        Addon("dns", "coredns", ("kube-system", "coredns")),
        Addon("storage", "local-path-provisioner", ("kube-system", "local-path-provisioner")),
        Addon("metrics", "metrics-server", ("kube-system", "metrics-server")),
    )
}
DEFAULT = ("dns", "storage")


def chosen(text):
    """The names of `--with`; `none` for a bare cluster."""
    names = () if text == "none" else tuple(text.split(","))
    for name in names:
        if name not in ADDONS:
            raise Failure(f"--with {text}: there is no add-on '{name}'; there are: {', '.join(ADDONS)} and none")
    return names


def parts_needed(names):
    return ["kubernetes", *(ADDONS[name].part for name in names)]


def images_needed(names):
    """Programs linked statically need no base: the image is the program."""
    return [images.of_program(parts.PARTS[ADDONS[name].part]) for name in names]


def apply(names):
    for name in names:
        kubectl.run("apply", "--server-side", "--force-conflicts", "-f", "-", input=ADDONS[name].manifest)


def wait_until_ready(names):
    for name in names:
        namespace, deployment = ADDONS[name].ready
        kubectl.run("-n", namespace, "rollout", "status", "deployment", deployment, "--timeout=120s")
