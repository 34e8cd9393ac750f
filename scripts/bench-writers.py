"""The part of `bench-against-sops` about the commands that write: `updatekeys` and `rotate` of a whole repository,
in memory and on disk, each in turn with sops on the same files."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

root, sopsguard, sops, keygen = sys.argv[1:5]
options = sys.argv[5:]
count = int(next((option for option in options if option.isdigit()), "1000"))
ROUNDS, BATCH, PROCESSES, SAMPLE = 5, 25, 2, min(count, 100)
places = {"on disk": pathlib.Path(tempfile.mkdtemp(prefix="sopsguard-bench-"))}
if os.access("/dev/shm", os.W_OK):
    places = {"in memory": pathlib.Path(tempfile.mkdtemp(prefix="sopsguard-bench-", dir="/dev/shm"))} | places
else:
    print("no memory file system here (/dev/shm): left out", file=sys.stderr)
work = places["on disk"]
keys = [work / "key.txt", work / "another.txt"]
environment = {"HOME": str(work), "PATH": os.environ["PATH"], "SOPS_AGE_KEY_FILE": str(keys[0])}
template = work / "template"


def run(*command, **more):
    return subprocess.run(command, env=environment, check=True, **more)


def encrypt(path):
    """A Secret of ten values, encrypted by sops for the first key."""
    lines = "".join(f"    KEY_{at}: value number {at:06} abcdef\n" for at in range(10))
    plain = f"apiVersion: v1\nkind: Secret\nstringData:\n{lines}"
    command = [sops, "encrypt", "--age", recipients[0], "--encrypted-regex", "^(data|stringData)$",
               "--filename-override", "x.yaml", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(run(*command, input=plain.encode(), stdout=subprocess.PIPE).stdout)


def fresh(place, keys_of_rule):
    """A new copy of all files, kept by the disk already, and a rule that names these keys."""
    folder = place / "work"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    rule = f"creation_rules:\n  - age: {','.join(keys_of_rule)}\n    encrypted_regex: ^(data|stringData)$\n"
    (folder / ".sops.yaml").write_text(rule)
    os.sync()
    return folder


def timed(work):
    start = time.perf_counter()
    told = work()
    return (time.perf_counter() - start) * 1000, told


def ours(command, folder):
    """How long it took, and how much of that the disk needed to keep the files."""
    arguments = [sopsguard, command, "--yes", "--format", "json"]
    took, done = timed(lambda: run(*arguments, cwd=folder, stdout=subprocess.PIPE))
    told = json.loads(done.stdout)
    assert told["applied"] and len(told["files"]) == count, told["refused"]
    return took, told["syncing-ms"]


def update_by_sops(folder):
    files = [str(path) for path in sorted(folder.rglob("*.enc.yaml"))]
    batches = [files[at:at + BATCH] for at in range(0, count, BATCH)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
        return timed(lambda: list(pool.map(lambda batch: run(sops, "updatekeys", "--yes", *batch, **quiet), batches)))[0]


def rotate_by_sops(folder):
    """One by one; a sample, as if all were done."""
    files = sorted(folder.rglob("*.enc.yaml"))[:SAMPLE]
    return timed(lambda: [run(sops, "rotate", "--in-place", path, cwd=folder) for path in files])[0] * count / SAMPLE


def compare(command, by_sops, keys_of_rule, place):
    """The medians of both, which take turns, and that of our syncing."""
    all_ours, all_theirs, all_syncing = [], [], []
    for _ in range(ROUNDS):
        folder = fresh(place, keys_of_rule)
        took, syncing = ours(command, folder)
        all_ours.append(took)
        all_syncing.append(syncing)
        # What was written says what it should, to us and to sops.
        run(sopsguard, "check", "--quiet", cwd=folder, stdout=subprocess.DEVNULL)
        run(sopsguard, "updatekeys", "--check", cwd=folder, stdout=subprocess.DEVNULL)
        run(sops, "decrypt", "app0/0.enc.yaml", cwd=folder, stdout=subprocess.DEVNULL)
        all_theirs.append(by_sops(fresh(place, keys_of_rule)))
    return tuple(map(statistics.median, (all_ours, all_theirs, all_syncing)))


print(f"making {count} files of 10 values ...", file=sys.stderr)
for key in keys:
    run(keygen, "-o", key, stderr=subprocess.DEVNULL)
recipients = [run(keygen, "-y", key, capture_output=True, text=True).stdout.strip() for key in keys]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    list(pool.map(encrypt, (template / f"app{at // 50}" / f"{at}.enc.yaml" for at in range(count))))
run("git", "init", "--quiet", template)

print("measuring ...", file=sys.stderr)
seconds = lambda value: f"{value / 1000:,.2f} s"
rows = []
for where, place in places.items():
    for command, by_sops, keys_of_rule, how in [
        ("updatekeys", update_by_sops, recipients, f"`sops updatekeys`, {BATCH} a call, {PROCESSES} processes"),
        ("rotate", rotate_by_sops, recipients[:1], f"`sops rotate` one by one ({SAMPLE} of them, scaled)"),
    ]:
        mine, theirs, syncing = compare(command, by_sops, keys_of_rule, place)
        share = f"{syncing / 1000:.2f} s ({100 * syncing / mine:.0f} %)"
        rows.append(f"| `{command}` of {count:,} files {where} | {seconds(mine)} | {share} | {how}: {seconds(theirs)} "
                    f"| {theirs / mine:.1f} times faster |")
load = os.getloadavg()[0]
table = f"{os.cpu_count()} cores, a load of {load:.1f}; whole processes in turn, medians of {ROUNDS}.\n\n"
table += "| what | sopsguard | of which syncing | sops | difference |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
print(table)
if "--write" in options:
    page = pathlib.Path(root) / "docs" / "benchmarks.md"
    before, _, rest = page.read_text().partition("<!-- measured by scripts/bench-writers.py -->\n")
    _, _, after = rest.partition("<!-- end of writers -->\n")
    page.write_text(f"{before}<!-- measured by scripts/bench-writers.py -->\n{table}<!-- end of writers -->\n{after}")
for place in places.values():
    shutil.rmtree(place)
