"""Plays the steps of action.yml as GitHub's runner does, against the reference server: the program must have been built.

Expressions are filled in, `run` steps are run by bash with the runner's options, what they write to GITHUB_OUTPUT becomes their
outputs. Of `uses` steps the inputs are looked at; a cache that holds nothing and an upload that only looks are assumed.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
TOKEN = "action-token-4711"


class Job:
    """One use of the action."""

    def __init__(self, folder, given):
        unknown = set(given) - set(ACTION["inputs"])
        assert not unknown, f"no such input: {unknown}"
        missing = [name for name, one in ACTION["inputs"].items() if one.get("required") and name not in given]
        assert not missing, f"inputs that are required: {missing}"
        self.folder = folder
        self.inputs = {name: one.get("default", "") for name, one in ACTION["inputs"].items()} | given
        self.steps, self.failed, self.code, self.text, self.uploaded = {}, False, 0, "", []
        for step in ACTION["runs"]["steps"]:
            self.step(step)
        self.outputs = {name: self.fill(one["value"]) for name, one in ACTION["outputs"].items()}

    def value(self, name):
        if name.startswith("inputs."):
            return str(self.inputs[name.removeprefix("inputs.")])
        if found := re.fullmatch(r"steps\.(\w+)\.outputs\.([\w-]+)", name):
            return self.steps.get(found[1], {}).get(found[2], "")
        return {"github.action_path": str(ROOT), "runner.os": "Linux", "runner.arch": "X64"}[name]

    def fill(self, text):
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: self.value(found[1]), text)

    def wanted(self, condition):
        """The conditions that the action uses: `always()`, `A != 'B'`, joined by `&&`."""
        condition = condition.removeprefix("${{").removesuffix("}}").strip()
        parts = [part.strip() for part in condition.split("&&") if part.strip()]
        if "always()" not in parts and self.failed:
            return False
        for part in (part for part in parts if part != "always()"):
            name, text = re.fullmatch(r"([\w.-]+) != '(.*)'", part).groups()
            if self.value(name) == text:
                return False
        return True

    def step(self, step):
        if not self.wanted(step.get("if", "")):
            return
        if "uses" in step:
            inputs = {name: self.fill(str(text)) for name, text in step["with"].items()}
            if step["uses"].startswith("actions/upload-artifact@"):
                self.uploaded = sorted(path.name for path in (self.folder / inputs["path"]).glob("*"))
            else:
                assert step["uses"].startswith("actions/cache@") and inputs["key"].startswith("scimulate-Linux-X64-")
            return
        assert step["shell"] == "bash", step
        output, script = self.folder / "output", self.folder / "script"
        output.write_text("")
        script.write_text(self.fill(step["run"]))
        env = {name: os.environ[name] for name in ("PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME") if name in os.environ}
        env |= {name: self.fill(text) for name, text in step.get("env", {}).items()}
        env |= {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            cwd=self.fill(step.get("working-directory", str(self.folder))),
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.text += done.stdout
        if "id" in step:
            self.steps[step["id"]] = dict(line.split("=", 1) for line in output.read_text().splitlines())
        if done.returncode:
            self.failed, self.code = True, done.returncode


def use(given, *fault):
    """Starts a server, uses the action on it, and gives what came of it."""
    command = [ROOT / "target/release/scimulate", "serve", "--token", TOKEN, *fault]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, tempfile.TemporaryDirectory() as folder:
        try:
            url = server.stdout.readline().split()[-1]
            folder = pathlib.Path(folder)
            known = folder / "known.toml"
            known.write_text("".join(
                f'[[known]]\nid = "{id}"\nreason = "it is built in"\n\n'
                for id in ("users.deactivate/persisted", "users.deactivate/found-inactive", "users.deactivate/still-inactive")
            ))
            job = Job(folder, {"url": url, "token": f"Bearer {TOKEN}"} | given)
            report = folder / job.outputs["report-dir"] / "report.json"
            job.report = json.loads(report.read_text()) if report.exists() else None
            job.summary = (folder / "summary").read_text() if (folder / "summary").exists() else ""
            assert TOKEN not in job.text + job.summary, "the token is shown"
            return job
        finally:
            server.terminate()


def expect(what, holds):
    print(f"  {'ok' if holds else 'FAILED'}  {what}")
    return bool(holds)


def main():
    good = []
    print("a healthy endpoint")
    job = use({"features": "create-users,deactivate-users,push-groups", "min-score": "100"})
    good += [
        expect("the step passes", job.code == 0),
        expect("verdict ready, score 100", job.outputs == {"verdict": "ready", "score": "100", "report-dir": "scimulate-report"}),
        expect("the reports are uploaded", {"report.json", "report.html", "junit.xml", "report.md"} <= set(job.uploaded)),
        expect("the summary tells the verdict", "ready for okta" in job.summary.lower()),
        expect("the features are those asked for", len(job.report["run"]["features"]) == 3),
    ]
    print("a broken endpoint")
    job = use({"app": "aiw", "report-dir": "my reports"}, "--fault", "deactivate_put_noop")
    good += [
        expect("the step fails", job.code == 1),
        expect("verdict not_ready all the same", job.outputs["verdict"] == "not_ready" and job.outputs["score"].isdigit()),
        expect("the reports are uploaded", "report.html" in job.uploaded),
        expect("findings are annotations", "::error title=users.deactivate" in job.text),
        expect("the app is the one asked for", job.report["run"]["app"] == "aiw"),
    ]
    print("a known failure, and more arguments")
    job = use({"known": "known.toml", "arguments": "users.deactivate\n--seed\n7\n"}, "--fault", "deactivate_noop")
    good += [
        expect("the step passes", job.code == 0),
        expect("verdict partial", job.outputs["verdict"] == "partial"),
        expect("the arguments arrived", job.report["run"]["seed"] == 7),
    ]
    print("a wrong token, no endpoint, a wrong input")
    job = use({"token": "Bearer something-else"})
    good += [expect("the step fails with 3", job.code == 3), expect("nothing is claimed", job.outputs["verdict"] != "ready")]
    job = use({"url": "http://127.0.0.1:9/scim"})
    good += [expect("the step fails with 3", job.code == 3)]
    job = use({"app": "entra", "artifact": ""})
    good += [
        expect("the step fails with 2", job.code == 2),
        expect("no outputs, no artifact", job.outputs["verdict"] == "" and job.uploaded == []),
    ]
    return 0 if all(good) else 1


sys.exit(main())
