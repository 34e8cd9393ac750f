"""The measuring half of `bench-against-sops`, which finds or builds the programs and calls this."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

root, sopsguard, sops, keygen, hyperfine, pre_commit, prek = sys.argv[1:8]
options = sys.argv[8:]
write = "--write" in options
count = int(next((option for option in options if option.isdigit()), "1000"))
work = pathlib.Path(tempfile.mkdtemp(prefix="sopsguard-bench-"))
key = work / "key.txt"
environment = {
    "HOME": str(work),
    "PATH": f"{pathlib.Path(sopsguard).parent}:{os.environ['PATH']}",
    "SOPS_AGE_KEY_FILE": str(key),
    "GIT_CONFIG_GLOBAL": str(work / "gitconfig"),
    "GIT_CONFIG_NOSYSTEM": "1",
}
(work / "gitconfig").write_text("[user]\nname = bench\nemail = bench@localhost\n[init]\ndefaultBranch = main\n")


def run(*command, cwd=None, **more):
    return subprocess.run(command, cwd=cwd, env=environment, check=True, **more)


def encrypt(path, values):
    """A Secret of so many values, encrypted by sops."""
    lines = "".join(f"    KEY_{i}: value number {i:06} abcdef\n" for i in range(values))
    plain = f"apiVersion: v1\nkind: Secret\nstringData:\n{lines}"
    command = [sops, "encrypt", "--age", recipient, "--encrypted-regex", "^(data|stringData)$",
               "--filename-override", "x.yaml", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(run(*command, input=plain.encode(), stdout=subprocess.PIPE).stdout)


def set_value(path):
    """Edits a file with sops."""
    run(sops, "set", path, '["stringData"]["KEY_1"]', '"another value"')


def repository(name, secrets, others):
    """A git repository with so many secrets and other files, all committed, and one edited secret staged."""
    folder = work / name
    folder.mkdir()
    for at in range(secrets):
        shutil.copy(work / "files" / f"{at}.enc.yaml", folder)
    shutil.copy(work / "staged.enc.yaml", folder)
    for at in range(others):
        path = folder / f"app{at // 50}" / f"{at}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n    name: c{at}\ndata:\n    a: b\n")
    run("git", "init", "-q", cwd=folder)
    run("git", "add", "-A", cwd=folder)
    run("git", "commit", "-qm", "all", cwd=folder)
    set_value(folder / "staged.enc.yaml")
    run("git", "add", "staged.enc.yaml", cwd=folder)
    return folder


def grown(name, secrets, others, commits, edited, broken=0):
    """A repository that grew over so many commits. The last ones edited secrets with sops, one each; far
    before them, some were edited as text."""
    folder = work / name
    folder.mkdir()
    stream = bytearray()
    texts = [path.read_bytes() for path in files[:secrets]]

    def commit(changed):
        commit.number += 1
        parent = f"from :{commit.number - 1}\n" if commit.number > 1 else ""
        head = f"commit refs/heads/main\nmark :{commit.number}\ncommitter bench <bench@localhost> "
        stream.extend(f"{head}{1_700_000_000 + commit.number} +0000\ndata 0\n{parent}".encode())
        for path, text in changed:
            stream.extend(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(text), text))

    def secret(at):
        return f"app{at // 50}/secret{at}.enc.yaml"

    commit.number = 0
    everything = [(secret(at), text) for at, text in enumerate(texts)]
    config = b"apiVersion: v1\nkind: ConfigMap\ndata:\n    a: b%d\n"
    everything += [(f"app{at // 50}/{at}.yaml", config % at) for at in range(others)]
    commit(everything)
    for at in range(broken):
        texts[at] = texts[at].replace(b"kind: Secret", b"kind: secret")
        commit([(secret(at), texts[at])])
    while commit.number < commits - edited:
        at = commit.number % max(others, 1)
        commit([(f"app{at // 50}/{at}.yaml", config % (at + commit.number))])
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        copies = [shutil.copy(files[secrets - 1 - at], work / f"edited{at}.enc.yaml") for at in range(edited)]
        list(pool.map(set_value, copies))
    for at, path in enumerate(copies):
        commit([(secret(secrets - 1 - at), pathlib.Path(path).read_bytes())])
    run("git", "init", "-q", cwd=folder)
    run("git", "fast-import", "--quiet", input=bytes(stream), cwd=folder)
    run("git", "reset", "-q", "--hard", cwd=folder)
    return folder


def hooks(folder):
    """The same repository with an empty hook and ours, both of programs that are there already."""
    hook = "      - {id: %s, name: %s, entry: %s, language: system, require_serial: true}\n"
    text = "repos:\n  - repo: local\n    hooks:\n"
    text += hook % ("empty", "empty", work / "empty") + hook % ("ours", "ours", "sopsguard check --staged --")
    (folder / ".pre-commit-config.yaml").write_text(text)
    run("git", "add", ".pre-commit-config.yaml", cwd=folder)
    run("git", "commit", "-qm", "hooks", "--", ".pre-commit-config.yaml", cwd=folder)


def median(*command, cwd=None, runs=None, shell=False, code=0):
    """The median of whole processes, in milliseconds."""
    out = work / "out.json"
    many = ["--runs", str(runs)] if runs else ["--min-runs", "40"]
    warm = "0" if runs and runs < 5 else "5"
    words = [str(word) for word in command]
    line = words[0] if shell else " ".join(f"'{word}'" for word in words)
    ends = ["--ignore-failure"] if code else []
    run(hyperfine, *([] if shell else ["-N"]), *many, *ends, "--warmup", warm, "--style", "none",
        "--export-json", out, line, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads(out.read_text())["results"][0]["median"] * 1000


def row(what, ours, theirs, than):
    number = lambda value: f"{value:,.1f} ms" if value < 10_000 else f"{value / 1000:,.1f} s"
    ratio = theirs / ours
    times = f"{ratio:,.0f} times faster" if ratio >= 2 else f"{ours - theirs:+.1f} ms"
    return f"| {what} | {number(ours)} | {than}: {number(theirs)} | {times} |"


print(f"making {count} files of 10 values and one of 5,000 ...", file=sys.stderr)
run(keygen, "-o", key, stderr=subprocess.DEVNULL)
recipient = run(keygen, "-y", key, capture_output=True, text=True).stdout.strip()
files = [work / "files" / f"{i}.enc.yaml" for i in range(count)]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    list(pool.map(lambda file: encrypt(file, 10), files))
encrypt(work / "large.enc.yaml", 5000)
encrypt(work / "staged.enc.yaml", 10)
subprocess.run(["rustc", "-O", "-o", work / "empty", "-"], input=b"fn main() {}", check=True)
small, large = repository("small", 9, 0), repository("large", 9, 20_000)
aged = grown("aged", min(count, 1000), 20_000 - min(count, 1000), 2_000, 100)
stale = grown("stale", min(count, 1000), 0, 5_000, 100, broken=20)
many, others = repository("many", count, 0), repository("others", 0, 20_000)
hooks(small)

found = subprocess.run([sopsguard, "check", "--history=10000", "--format", "json"], cwd=stale, env=environment, capture_output=True)
found = {finding["path"] for finding in json.loads(found.stdout)["findings"] if finding["rule"] == "edited-outside-sops"}
assert len(found) == 20, found

print("measuring ...", file=sys.stderr)
empty = median(work / "empty")
decrypt = median(sops, "decrypt", work / "staged.enc.yaml")
loop = median(f"for f in {work}/files/*; do {sops} decrypt $f >/dev/null; done", runs=2, shell=True)
staged = median(sopsguard, "check", "--staged", cwd=small)
in_large = median(sopsguard, "check", "--staged", cwd=large)
load_index = pathlib.Path(sopsguard).parent / "examples" / "load-index"
rows = [
    row("one staged file, cold", staged, decrypt, "`sops decrypt` of it"),
    row("the same", staged, empty, "an empty process"),
    row("one staged file in a repository of 20,000", in_large,
        median("git", "diff-index", "--cached", "HEAD", cwd=large), "`git diff-index --cached`"),
    row("the same", in_large, median(load_index, cwd=large), "loading its index with libgit2"),
    row("`check --since` over 100 changed files of 20,000, 2,000 commits", median(sopsguard, "check", "--since", "HEAD~100", cwd=aged),
        median("git", "diff", "--name-only", "HEAD~100", cwd=aged), "`git diff --name-only`"),
    row(f"`check --history` over {min(count, 1000):,} secrets, 5,000 commits", median(sopsguard, "check", "--history=10000", cwd=stale, runs=5, code=1),
        median("git", "log", "--oneline", "--", "*.enc.yaml", cwd=stale, runs=5), "`git log` of them"),
    row("one file of 5,000 values", median(sopsguard, "check", work / "large.enc.yaml"),
        median(sops, "decrypt", work / "large.enc.yaml", runs=11), "`sops decrypt` of it"),
    row(f"{count:,} files of 10 values", median(sopsguard, "check", cwd=many), loop, "`sops decrypt` in a loop"),
    row("20,000 other files", median(sopsguard, "check", cwd=others), median("git", "status", "--short", cwd=others),
        "`git status`"),
]
for name, program in [("pre-commit", pre_commit), ("prek", prek)]:
    ours, nothing = (median(program, "run", hook, "--files", "staged.enc.yaml", cwd=small, runs=25) for hook in ("ours", "empty"))
    rows.append(row(f"the hook under {name}", ours, nothing, "an empty hook"))
table = f"{os.cpu_count()} cores; whole processes, medians.\n\n| what | sopsguard | beside it | difference |\n|---|---|---|---|\n"
table += "\n".join(rows) + "\n"
print(table)
if write:
    page = pathlib.Path(root) / "docs" / "benchmarks.md"
    before, _, rest = page.read_text().partition("<!-- measured by scripts/bench-against-sops -->\n")
    _, _, after = rest.partition("<!-- end -->\n")
    page.write_text(f"{before}<!-- measured by scripts/bench-against-sops -->\n{table}<!-- end -->\n{after}")
shutil.rmtree(work)
