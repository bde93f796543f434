"""What every manifest of ours must keep to, as a function from objects to complaints. Used on deploy/kubernetes.yaml and on renderings."""

SHAPES = ("Deployment", "StatefulSet", "Job", "DaemonSet")
FILLED_BY_THE_CLUSTER = "kubernetes.io/service-account-token"


def name(item):
    return f"{item['kind']} {item['metadata'].get('namespace', '-')}/{item['metadata']['name']}"


def pods(items):
    """(name of the object, PodSpec) of everything that makes pods."""
    return [(name(item), item["spec"]["template"]["spec"]) for item in items if item["kind"] in SHAPES]


def containers(pod):
    return [*pod.get("initContainers", []), *pod["containers"]]


def no_secret_is_inline(items):
    for item in items:
        if item["kind"] == "Secret" and (item.get("data") or item.get("stringData") or item.get("type") != FILLED_BY_THE_CLUSTER):
            yield f"{name(item)}: whoever reads the file would know it; refer to a Secret, or let the cluster fill it"
    for owner, pod in pods(items):
        for container in containers(pod):
            for variable in container.get("env", []):
                if "value" in variable and any(word in variable["name"].lower() for word in ("password", "secret", "token", "key")):
                    yield f"{owner}: {variable['name']} is said in the open; use a file of a Secret"


def rules(items):
    return [(item, rule) for item in items if item["kind"] in ("Role", "ClusterRole") for rule in item["rules"]]


def no_rule_is_a_wildcard(items):
    for item, rule in rules(items):
        if "*" in [*rule.get("apiGroups", []), *rule.get("resources", []), *rule["verbs"], *rule.get("nonResourceURLs", [])]:
            yield f"{name(item)}: a rule says '*'; name what is used"


def no_right_to_secrets_is_cluster_wide(items):
    bound = {item["roleRef"]["name"] for item in items if item["kind"] == "ClusterRoleBinding"}
    for item, rule in rules(items):
        if item["kind"] == "ClusterRole" and item["metadata"]["name"] in bound and "secrets" in rule.get("resources", []):
            yield f"{name(item)}: reads Secrets of every namespace; bind it by a RoleBinding in each namespace that needs it"
        if "secrets" in rule.get("resources", []) and {"list", "watch"} & set(rule["verbs"]):
            yield f"{name(item)}: lists Secrets; get those it knows the names of"


def every_image_is_pinned(items):
    for owner, pod in pods(items):
        for container in containers(pod):
            tag = container["image"].rpartition("/")[2].partition(":")[2]
            if "@sha256:" not in container["image"] and tag in ("", "latest"):
                yield f"{owner}: image {container['image']} is another one tomorrow; say a tag or a digest"


def pods_are_restricted(items):
    for owner, pod in pods(items):
        whole = pod.get("securityContext", {})
        if not whole.get("runAsNonRoot") or whole.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{owner}: not as Pod Security 'restricted' asks"
        for container in containers(pod):
            own = container.get("securityContext", {})
            if own.get("allowPrivilegeEscalation") is not False or own.get("capabilities", {}).get("drop") != ["ALL"]:
                yield f"{owner}: container {container['name']} may gain rights"
            if not own.get("readOnlyRootFilesystem"):
                yield f"{owner}: container {container['name']} can write into its image"
            if "memory" not in container.get("resources", {}).get("limits", {}):
                yield f"{owner}: container {container['name']} has no limit of memory"


def what_keeps_things_has_a_claim(items):
    for item in items:
        if item["kind"] == "StatefulSet" and not item["spec"].get("volumeClaimTemplates"):
            yield f"{name(item)}: keeps nothing when its pod goes; give it a claim"
    claims = {item["metadata"]["name"] for item in items if item["kind"] == "PersistentVolumeClaim"}
    for owner, pod in pods(items):
        for volume in pod.get("volumes", []):
            wanted = volume.get("persistentVolumeClaim", {}).get("claimName")
            if wanted and wanted not in claims:
                yield f"{owner}: nothing makes the claim {wanted}"


def ready_and_alive_are_two_questions(items):
    for item in items:
        if item["kind"] == "Deployment":
            for container in item["spec"]["template"]["spec"]["containers"]:
                probes = [container.get(f"{kind}Probe", {}).get("httpGet", {}).get("path") for kind in ("readiness", "liveness")]
                if None in probes or probes[0] == probes[1]:
                    yield f"{name(item)}: ready and alive must be asked apart; a database that is away would start it again and again"


RULES = (no_secret_is_inline, no_rule_is_a_wildcard, no_right_to_secrets_is_cluster_wide, every_image_is_pinned, pods_are_restricted,
         what_keeps_things_has_a_claim, ready_and_alive_are_two_questions)


def complaints(items):
    return [complaint for rule in RULES for complaint in rule(items)]
