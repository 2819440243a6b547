"""Counts which public bugs other tools see: python3 tests/interop/peers.py [--write]

Each fault of the reference server that is a public report is served alone, and each tool is run against it as it is when
installed. A fault is seen when what the tool found differs from what it found on the healthy server; two runs against that one
must be the same. With --write the table of docs/comparison.md is made anew. Needs target/release/scimulate.
"""

import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target/release/scimulate"
PLACE = ROOT / "target/peers"
PAGE = ROOT / "docs/comparison.md"
TOKEN = "token-of-the-peers"
BEGIN, END = "<!-- made by tests/interop/peers.py --write -->\n", "<!-- end -->\n"


def output(command):
    """What a tool prints, in a minute at most; its end by time is a finding too."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired:
        return "", "no end within 60 s"


def scim2(url):
    text, code = output([PLACE / "bin/scim2", "--url", url, "-h", f"Authorization: Bearer {TOKEN}", "test"])
    results = collections.Counter(re.findall(r"^([A-Z]+ check_\w+)", text, re.MULTILINE))
    return code, sorted(results.items())


def sanity(url):
    text, code = output(
        [PLACE / "bin/scim-sanity", "probe", url, "--token", TOKEN, "--i-accept-side-effects", "--json-output"]
    )
    try:
        results = json.loads(text)["results"]
    except (json.JSONDecodeError, KeyError):
        return code, "no report"
    return code, [(result["name"], result["status"]) for result in results]


def played(url, *words):
    """The checks that failed, without those that only tell."""
    with tempfile.TemporaryDirectory() as folder:
        given = ["--url", url, "--token", f"Bearer {TOKEN}", "--report-dir", folder, "--format", "json", "--settle", "0s"]
        file = pathlib.Path(folder) / "report.json"
        end = output([PROGRAM, "run", *words, *given])[1]
        if not file.exists():
            return end
        report = json.loads(file.read_text())
    checks = [check for scenario in report["scenarios"] for step in scenario["steps"] for check in step["checks"]]
    failed = [check["id"] for check in checks if check["status"] == "failed" and check["level"] != "info"]
    return sorted(failed), report["preflight"]["passed"]


def suites(url):
    return played(url, "okta-suites")


def everything(url):
    return [played(url, "--app", app) for app in ("oin", "aiw")]


TOOLS = {
    "scim2-cli {scim2-cli} (scim2-tester {scim2-tester})": scim2,
    "scim-sanity {scim-sanity}": sanity,
    "the assertions of Okta's SPEC, CRUD and Entitlements tests (`scimulate run okta-suites`)": suites,
    "Scimulate, both kinds of app": everything,
}


def found(faults):
    """What each tool finds on a server with these faults."""
    command = [PROGRAM, "serve", "--token", TOKEN, "--seed-users", "3", "--entitlements"]
    command += [word for fault in faults for word in ("--fault", fault)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().split()[-1]
            return {tool: look(url) for tool, look in TOOLS.items()}
        finally:
            server.terminate()


def main():
    if not PLACE.exists():
        venv.create(PLACE, with_pip=True)
        subprocess.run([PLACE / "bin/pip", "install", "--quiet", "scim2-cli", "scim-sanity"], check=True)
    listed = json.loads(output([PLACE / "bin/pip", "list", "--format", "json"])[0])
    versions = {one["name"]: one["version"] for one in listed}
    faults = [one for one in json.loads(output([PROGRAM, "list", "faults", "--json"])[0]) if re.fullmatch(r"B\d{3}", one.get("case") or "")]
    cases = {one["case"] for one in faults}
    healthy = found([])
    assert healthy == found([]), "a tool finds something else on each run"
    seen = collections.defaultdict(set)
    for fault in faults:
        for tool, result in found([fault["id"]]).items():
            if result != healthy[tool]:
                seen[tool].add(fault["case"])
        print(fault["case"], fault["id"], *(int(fault["case"] in seen[tool]) for tool in TOOLS), flush=True)
    rows = [f"| {tool.format(**versions)} | {len(seen[tool])} of {len(cases)} |" for tool in TOOLS]
    table = "\n".join(["| | public bugs seen |", "|---|---|", *rows]) + "\n"
    print(table)
    if "--write" in sys.argv:
        page = PAGE.read_text()
        before, rest = page.split(BEGIN)
        PAGE.write_text(before + BEGIN + table + END + rest.split(END)[1])


main()
