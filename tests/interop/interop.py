"""Plays scimulate against independent SCIM servers and compares what it finds with judged findings.

usage: interop.py (--write | --check) [--servers a,b] [--binary PATH] [--work DIR]

--write  plays all servers and writes docs/interop.md
--check  plays the named servers; fails on a finding that is not judged true, and on a judgement that no longer holds
"""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Order of the page. The environment tells one start script about its variants.
SERVERS = {
    "scim2-server": ("scim2-server", {}, "PyPI scim2-server 0.8.3, in memory"),
    "scimmy-routers": ("scimmy-routers", {}, "npm scimmy 1.3.5 with scimmy-routers 1.3.2 on express 4"),
    "scimmy-express5": ("scimmy-routers", {"EXPRESS_VERSION": "5"}, "the same on express 5"),
    "django-scim2": ("django-scim2", {}, "PyPI django-scim2 0.23.0, SQLite"),
    "django-scim2-server": ("django-scim2-server", {}, "PyPI django-scim2-server 1.1.0, SQLite"),
    "saml-jackson": ("saml-jackson", {}, "npm @boxyhq/saml-jackson 26.2.0, directory sync"),
    "canaille": ("canaille", {}, "PyPI canaille 0.3.6, an identity server"),
    "scim-server-crate": ("scim-server-crate", {}, "crate scim-server 0.5.3 behind a thin HTTP skin"),
}
APPS = ("oin", "aiw")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """A server process, ended by its own id."""

    def __init__(self, name, work):
        script, variables, _ = SERVERS[name]
        folder = work / name
        folder.mkdir(parents=True, exist_ok=True)
        command = ["bash", str(HERE / "servers" / script / "start.sh"), str(folder), str(free_port())]
        done = subprocess.run(command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True, timeout=600)
        if done.returncode:
            sys.exit(f"{name} did not start; see {folder}/server.log")
        said = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
        self.url, self.token, self.pid = said["BASE_URL"], said["TOKEN"], int(said["PID"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.kill(self.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass


def play(binary, name, app, work):
    """One run against a fresh server; gives the report and the exit code."""
    with Served(name, work) as server, tempfile.TemporaryDirectory() as folder:
        # One scenario at a time and a fixed run id: the same server gives the same findings in the same words.
        command = [binary, "run", "--url", server.url, "--auth", "bearer", "--app", app, "--jobs", "1", "--settle", "0s"]
        command += ["--run-id", "interop", "--seed", "1", "--report-dir", folder, "--progress", "none"]
        done = subprocess.run(command, env={**os.environ, "SCIM_TOKEN": server.token}, stdout=subprocess.DEVNULL)
        return json.loads((Path(folder) / "report.json").read_text()), done.returncode


def findings(report):
    """Failed checks in the order of playing; a rule that always holds once per run, as score and terminal count it."""
    seen, found = set(), []
    problem = report["preflight"].get("problem")
    if problem:
        found.append({"id": f"preflight/{problem['kind']}", "level": "must", "message": problem["summary"], "request": ""})
    for scenario in report["scenarios"]:
        for step in scenario["steps"]:
            for check in step["checks"]:
                name = re.sub(r"@.*", "", check["id"])
                key = re.sub(r".*/always\.", "always.", name)
                if check["status"] != "failed" or key in seen:
                    continue
                seen.add(key)
                sent = step["exchanges"][step["judged"]] if step["exchanges"] and "judged" in step else None
                found.append({**check, "name": key, "request": line(sent)})
    return found


def line(exchange):
    if exchange is None:
        return ""
    answer = exchange["response"]["status"] if exchange.get("response") else exchange["failure"]["message"]
    return f"{exchange['request']['method']} {exchange['request']['path']} → {answer}"


def steady(text, report):
    """The same bytes for the same behaviour: ids, ports, tokens and times become words."""
    text = str(text)
    ids = set()

    def collect(value):
        if isinstance(value, dict):
            if isinstance(value.get("id"), str) and ("userName" in value or "displayName" in value):
                ids.add(value["id"])
            for member in value.values():
                collect(member)
        elif isinstance(value, list):
            for member in value:
                collect(member)

    collect([e.get("response") for s in report["scenarios"] for t in s["steps"] for e in t["exchanges"]])
    for identifier in sorted(ids, key=len, reverse=True):
        if len(identifier) > 3:
            text = text.replace(identifier, "{id}")
    text = re.sub(r"(/(?:Users|Groups)/)[^/? ]+", r"\1{id}", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:{port}", text)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "{uuid}", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?", "{time}", text)
    return text


def judgements():
    """The entries in order. One is of one cause and names all checks that tell it: a check id stands for all its cases,
    `always.RULE` for every scenario, and what ends in `*` for all that start so."""
    path = HERE / "judgements.toml"
    entries, taken = tomllib.loads(path.read_text())["finding"], set()
    for entry in entries:
        unknown = set(entry) - {"servers", "checks", "verdict", "rule", "note", "chance"}
        if unknown or entry.get("verdict") not in ("true", "wrong") or not entry.get("rule") or not entry.get("note"):
            sys.exit(f"{path}: an entry needs servers, checks, verdict (true|wrong), rule, note: {entry}")
        for server in entry["servers"]:
            if server not in SERVERS:
                sys.exit(f"{path}: there is no server {server}")
            for check in entry["checks"]:
                if (server, check) in taken:
                    sys.exit(f"{path}: {server} {check} is judged twice")
                taken.add((server, check))
    return entries


def covers(pattern, check):
    return check.startswith(pattern[:-1]) if pattern.endswith("*") else check == pattern


def judgement(judged, server, check):
    """The entry for a finding: the one that names it, else the first whose `*` covers it."""
    mine = [entry for entry in judged if server in entry["servers"]]
    named = (entry for entry in mine if check in entry["checks"])
    covering = (entry for entry in mine if any(covers(pattern, check) for pattern in entry["checks"]))
    return next(named, None) or next(covering, None)


def compare(name, found, judged):
    """What is wrong between findings and judgements of one server; `found` is of all apps."""
    names = {f.get("name", f["id"]) for f in found}
    problems = [f"{name}: {check} is not judged" for check in sorted(names) if judgement(judged, name, check) is None]
    for entry in judged:
        if name not in entry["servers"]:
            continue
        for pattern in entry["checks"]:
            # What depends on chance may come and go.
            if not entry.get("chance") and not any(covers(pattern, check) for check in names):
                problems.append(f"{name}: {pattern} is judged, but was not found any more")
        if entry["verdict"] == "wrong":
            problems.append(f"{name}: {', '.join(entry['checks'])} is judged wrong: mend the check")
    return problems


CHANCE = "true, and depends on chance"


def says(entry):
    if entry is None:
        return "**UNJUDGED**"
    verdict = CHANCE if entry.get("chance") else "true" if entry["verdict"] == "true" else "**our check was wrong**"
    return f"{verdict}: {entry['note']} ({entry['rule']})"


def mention(check, finding, _, apps):
    only = "" if len(apps) == len(APPS) else f", {apps[0]} only"
    return f"`{check}` ({finding['level']}{only})"


def page(results, judged):
    out = ["# Independent servers", ""]
    out += [
        "What scimulate finds on SCIM servers that others wrote, each finding judged: is it true, and by which rule. Both apps",
        "are played against a fresh server, one scenario at a time. Findings of one cause stand together, with the first of them",
        "as it was seen. The page is made by `python3 tests/interop/interop.py --write`; the judgements are in",
        "`tests/interop/judgements.toml`.",
        "",
        "A finding says what one release does in one configuration on loopback. It is no verdict on a project.",
        "",
        "| server | app | verdict | score | requests | must | should | blocked | exit |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, runs in results.items():
        for app, (report, code) in runs.items():
            counts, score = report["counts"], report["score"]["value"]
            out.append(
                f"| {name} | {app} | {report['verdict']} | {score if score is not None else '-'} | {report['run']['requests']} "
                f"| {counts['failed_must']} | {counts['failed_should']} | {counts['blocked']} | {code} |"
            )
    for name, runs in results.items():
        out += ["", f"## {name}", "", SERVERS[name][2] + ".", ""]
        told = {}  # check -> first finding of that name, its report, the apps
        for app, (report, _) in runs.items():
            for finding in findings(report):
                told.setdefault(finding.get("name", finding["id"]), (finding, report, []))[2].append(app)
        if not told:
            out.append("No findings.")
        causes = {}  # what the judgement says -> the checks that tell it
        for check in told:
            causes.setdefault(says(judgement(judged, name, check)), []).append(check)
        for cause, checks in causes.items():
            if cause.startswith(CHANCE):
                continue  # comes and goes; told below by its judgement alone
            out += [f"- {cause}", f"  - {', '.join(mention(check, *told[check]) for check in checks)}"]
            finding, report, _ = told[checks[0]]
            evidence = f"{finding['request']}: {finding['message']}" if finding["request"] else finding["message"]
            out.append(f"  - seen: `{steady(evidence, report)[:420]}`")
        for entry in judged:
            if entry.get("chance") and name in entry["servers"]:
                out += [f"- {says(entry)}", f"  - {', '.join(f'`{pattern}`' for pattern in entry['checks'])}"]
    return "\n".join(out) + "\n"


def peers(binary, work):
    """Two independent checkers against the reference server: name, figures, and what it thinks wrong."""
    venv = work / "checkers"
    if not (venv / "bin/scim-sanity").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [venv / "bin/pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "scim2-cli==0.6.0", "scim-sanity==0.7.4"], check=True)
    serve = [binary, "serve", "--port", "0", "--token", "checkers"]
    server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().removeprefix("listening on ").strip()
        run = lambda *command: subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
        cli = run(venv / "bin/scim2", "--url", url, "-h", "Authorization: Bearer checkers", "test")
        sanity = run(venv / "bin/scim-sanity", "probe", url, "--token", "checkers", "--i-accept-side-effects")
    finally:
        server.terminate()
        server.wait()
    count = lambda word: len(re.findall(rf"\b{word}\b", cli))
    told = re.search(r"(\d+) passed, (\d+) failed, (\d+) skipped", sanity)
    failed = re.findall(r"\[FAIL\] (.+)", sanity)
    return count("SUCCESS"), count("ERROR") + count("CRITICAL"), told.group(0) if told else "no result", failed


# What the checkers think wrong and is not, with the reason. Anything else they find is unjudged.
FALSE_ALARMS = {
    "PATCH /Groups/{id} add member": "It adds a member whose id no user has and wants 200. RFC 7644 does not ask for that. "
    "The reference server answers 400 and changes nothing: a member who is nobody would be access that Okta believes in and "
    "nobody has. Left as it is.",
}


def peers_section(figures):
    success, errors, sanity, failed = figures
    return "\n".join([
        "",
        "## Independent checkers against the reference server",
        "",
        "Run with `scimulate serve` as their target, by the same command as this page.",
        "",
        f"- PyPI scim2-cli 0.6.0: {success} SUCCESS, {errors} errors.",
        f"- PyPI scim-sanity 0.7.4: {sanity}. Failed: {', '.join(failed) or 'nothing'}.",
        *(f"  - `{name}`: {FALSE_ALARMS.get(name, '**UNJUDGED**')}" for name in failed),
        "",
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--write", action="store_true")
    mode.add_argument("--check", action="store_true")
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--binary", default=str(ROOT / "target/release/scimulate"))
    parser.add_argument("--work", default=os.path.join(tempfile.gettempdir(), "scimulate-interop"))
    options = parser.parse_args()
    names = options.servers.split(",")
    if unknown := set(names) - set(SERVERS):
        sys.exit(f"no such server: {', '.join(sorted(unknown))}; there are {', '.join(SERVERS)}")
    judged, results, problems = judgements(), {}, []
    for name in names:
        results[name] = {app: play(options.binary, name, app, Path(options.work)) for app in APPS}
        found = [finding for report, _ in results[name].values() for finding in findings(report)]
        problems += compare(name, found, judged)
        for app, (report, code) in results[name].items():
            print(f"{name} {app}: {report['verdict']}, score {report['score']['value']}, exit {code}, {len(findings(report))} findings")
    if options.write:
        figures = peers(options.binary, Path(options.work))
        problems += [f"reference server: {name} of scim-sanity is not judged" for name in figures[3] if name not in FALSE_ALARMS]
        problems += [f"reference server: scim2-cli found {figures[1]} errors"] if figures[1] or not figures[0] else []
        text = page(results, judged) + peers_section(figures)
        (ROOT / "docs/interop.md").write_text(text)
    for problem in problems:
        print(problem)
    print("every finding is judged" if not problems else f"{len(problems)} to settle")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
